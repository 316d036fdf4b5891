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
