//! CAP_NET_RAW: acquired for one open, given up with every other capability after it, capabilities(7).

use caps::{CapSet, Capability};

use super::error::CallError;

/// Make CAP_NET_RAW effective where the binary is permitted to have it; whether it is effective now.
pub fn raise_net_raw() -> bool {
    let held = |set| caps::has_cap(None, set, Capability::CAP_NET_RAW).unwrap_or(false);
    if held(CapSet::Effective) {
        return true;
    }
    held(CapSet::Permitted) && caps::raise(None, CapSet::Effective, Capability::CAP_NET_RAW).is_ok()
}

/// Have no exec(2) of this thread give it a capability, whatever the file and the user: PR_CAPBSET_DROP, prctl(2). Only
/// CAP_SETPCAP can; whoever has it not has none to be given where there are no new privileges.
pub fn bound_privileges() -> Result<(), String> {
    if !caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        return Ok(());
    }
    // The kernel may be older than some of them.
    caps::runtime::thread_all_supported()
        .into_iter()
        .try_for_each(|capability| caps::drop(None, CapSet::Bounding, capability))
        .map_err(|error| error.to_string())
}

/// Give up every capability of this thread; the sockets that are open stay open.
pub fn drop_privileges() -> Result<(), String> {
    [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable]
        .into_iter()
        .try_for_each(|set| caps::clear(None, set))
        .map_err(|error| error.to_string())
}

/// Capabilities over files and processes: what is written, replaced, removed or ended later on may be another user's.
const LASTING: [Capability; 5] = [
    Capability::CAP_CHOWN,
    Capability::CAP_DAC_OVERRIDE,
    Capability::CAP_DAC_READ_SEARCH,
    Capability::CAP_FOWNER,
    Capability::CAP_KILL,
];

/// Give up every capability of this thread but those over files and processes: what it took to open sockets among them.
pub fn drop_what_sockets_needed() -> Result<(), String> {
    let drop = |set| {
        let mut held = caps::read(None, set)?;
        held.retain(|capability| LASTING.contains(capability));
        caps::set(None, set, &held)
    };
    let has_none = caps::read(None, CapSet::Permitted).is_ok_and(|held| held.is_empty());
    [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable]
        .into_iter()
        .filter(|_| !has_none)
        .try_for_each(drop)
        .map_err(|error| error.to_string())
}

/// No exec(2) gives this thread, or those that it starts, a privilege that it has not: PR_SET_NO_NEW_PRIVS, prctl(2).
pub fn gain_no_privileges() -> Result<(), CallError> {
    nix::sys::prctl::set_no_new_privs().map_err(|errno| CallError::new("prctl", "", errno))
}
