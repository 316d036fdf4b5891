//! How many descriptors the process may have open, getrlimit(2).

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raise the limit to what is allowed, RLIMIT_NOFILE's soft limit to its hard one; how many descriptors that are.
pub fn raise_descriptor_limit() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        // What POSIX promises at least is a poor guess, and better than none.
        return 1024;
    };
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    usize::try_from(if raised { hard } else { soft }).unwrap_or(usize::MAX)
}

/// How many descriptors may be open at present, RLIMIT_NOFILE's soft limit; `None` where it cannot be read.
pub fn descriptor_limit() -> Option<u64> {
    getrlimit(Resource::RLIMIT_NOFILE)
        .ok()
        .map(|(soft, _)| soft)
}

/// Run something, a fork(2) that is, under another soft limit: what a command inherits must be what was handed to us, as
/// select(2) takes no descriptor above 1023.
pub fn with_descriptor_limit<T>(limit: u64, run: impl FnOnce() -> T) -> T {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return run();
    };
    let is_lowered = limit < soft && setrlimit(Resource::RLIMIT_NOFILE, limit, hard).is_ok();
    let ran = run();
    if is_lowered {
        // It was so a moment ago, and more is not asked for.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, soft, hard);
    }
    ran
}
