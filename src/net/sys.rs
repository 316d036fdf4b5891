//! The only unsafe code: what no safe crate offers.
//!
//! Each function is one call or one cast with its reason; nothing here decides anything.
#![expect(
    unsafe_code,
    reason = "this module is where it lives; every block says why it is sound"
)]

use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int, c_void};
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::stat::Mode;
use socket2::SockAddr;

use super::error::CallError;

/// Take over a descriptor that the process was started with; EBADF when it is not open, or not from outside. One of the
/// standard streams moves to a number of its own, and /dev/null takes its place: else it would be a stream and a socket.
pub(super) fn adopt(number: c_int) -> io::Result<OwnedFd> {
    let fd = take(number)?;
    if number > libc::STDERR_FILENO {
        return Ok(fd);
    }
    let moved = fd.try_clone();
    let _ = fd.into_raw_fd();
    let null = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())?;
    match number {
        libc::STDIN_FILENO => nix::unistd::dup2_stdin(null)?,
        libc::STDOUT_FILENO => nix::unistd::dup2_stdout(null)?,
        _ => nix::unistd::dup2_stderr(null)?,
    }
    moved
}

/// Take over a descriptor that the process was started with, fcntl(2) F_GETFD; EBADF when it is not open, or is ours:
/// what came through exec(2) is not close-on-exec, and everything that this process opens, or has adopted, is.
fn take(number: c_int) -> io::Result<OwnedFd> {
    // SAFETY: F_GETFD reads a flag of any number, open or not.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    if flags == -1 {
        return Err(io::Error::last_os_error());
    }
    if flags & libc::FD_CLOEXEC != 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: it is open and was handed to us by whoever started us; the flag that is set next keeps it from being
    // adopted twice.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(fd)
}

/// Own the descriptors that a message brought, recvmsg(2): SCM_RIGHTS.
pub(super) fn received(numbers: impl IntoIterator<Item = c_int>) -> impl Iterator<Item = OwnedFd> {
    // SAFETY: the kernel has just opened each for this process, and told nobody else of its number.
    let own = |number| unsafe { OwnedFd::from_raw_fd(number) };
    numbers.into_iter().map(own)
}

/// Write one byte to an inherited descriptor and close it, so that whoever waits for it sees it, and then the end. A
/// standard stream stays open: the next socket must not get its number.
pub fn notify(number: c_int) -> Result<(), CallError> {
    let refused = |cause| CallError::new("write", format_args!("descriptor {number}"), cause);
    let fd = take(number).map_err(refused)?;
    let written = nix::unistd::write(&fd, b"\n");
    if number <= libc::STDERR_FILENO {
        let _ = fd.into_raw_fd();
    }
    written.map(drop).map_err(|errno| refused(errno.into()))
}

/// accept4(2) with SOCK_CLOEXEC and SOCK_NONBLOCK.
pub(super) fn accept4(fd: BorrowedFd<'_>) -> io::Result<(OwnedFd, SockAddr)> {
    // SAFETY: storage and length are the kernel's to write, and are both initialised where it succeeds; the number
    // that it returns is a new descriptor that nobody else owns.
    unsafe {
        SockAddr::try_init(|storage, length| {
            let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
            match libc::accept4(fd.as_raw_fd(), storage.cast(), length, flags) {
                -1 => Err(io::Error::last_os_error()),
                number => Ok(OwnedFd::from_raw_fd(number)),
            }
        })
    }
}

/// One datagram's place in a batch: who sent it and what the kernel notes on it. How much of each is valid is told too.
#[repr(C, align(8))]
pub(super) struct Incoming {
    pub(super) control: [u8; 256],
    pub(super) name: [u8; size_of::<libc::sockaddr_storage>()],
    pub(super) control_length: usize,
    pub(super) name_length: usize,
    /// How many bytes it had, which may be more than there was room for.
    pub(super) length: usize,
}

/// A datagram to be sent in a batch.
pub(super) struct Outgoing<'a> {
    pub(super) to: Option<&'a SockAddr>,
    pub(super) bytes: &'a [u8],
    pub(super) control: &'a [u8],
}

/// How many datagrams one call takes at most.
pub(super) const BATCH: usize = 64;

const NO_PART: libc::iovec = libc::iovec {
    iov_base: ptr::null_mut(),
    iov_len: 0,
};

/// recvmmsg(2) with MSG_TRUNC, never waiting: each datagram into `room` bytes of `memory`, which are `stride` apart.
pub(super) fn recvmmsg(
    fd: BorrowedFd<'_>,
    memory: &mut [u8],
    (room, stride): (usize, usize),
    incoming: &mut [Incoming],
) -> io::Result<usize> {
    let mut parts = [NO_PART; BATCH];
    // SAFETY: a header of zeros has no name, no parts and no control.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
    let mut count = 0;
    let places = memory.chunks_mut(stride).zip(incoming.iter_mut());
    for ((bytes, place), (part, header)) in places.zip(parts.iter_mut().zip(&mut headers)) {
        part.iov_base = bytes.as_mut_ptr().cast();
        part.iov_len = room.min(bytes.len());
        let header = &mut header.msg_hdr;
        (header.msg_iov, header.msg_iovlen) = (part, 1);
        header.msg_name = place.name.as_mut_ptr().cast();
        header.msg_namelen = socklen(place.name.len())?;
        header.msg_control = place.control.as_mut_ptr().cast();
        header.msg_controllen = place.control.len();
        count += 1;
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: the first `count` headers point to memory that is borrowed until the end of this function, with its
    // lengths.
    let received = unsafe {
        libc::recvmmsg(
            fd.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            flags,
            ptr::null_mut(),
        )
    };
    let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    for (place, header) in incoming.iter_mut().zip(&headers).take(received) {
        place.name_length = header.msg_hdr.msg_namelen as usize;
        place.control_length = header.msg_hdr.msg_controllen;
        place.length = header.msg_len as usize;
    }
    Ok(received)
}

/// sendmmsg(2), never waiting and without SIGPIPE: how many of the first [`BATCH`] went out.
pub(super) fn sendmmsg(fd: BorrowedFd<'_>, outgoing: &[Outgoing<'_>]) -> io::Result<usize> {
    let mut parts = [NO_PART; BATCH];
    // SAFETY: a header of zeros has no name, no parts and no control.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
    let mut count = 0;
    for (datagram, (part, header)) in outgoing.iter().zip(parts.iter_mut().zip(&mut headers)) {
        part.iov_base = datagram.bytes.as_ptr().cast_mut().cast();
        part.iov_len = datagram.bytes.len();
        let header = &mut header.msg_hdr;
        (header.msg_iov, header.msg_iovlen) = (part, 1);
        if let Some(to) = datagram.to {
            header.msg_name = to.as_ptr().cast_mut().cast();
            header.msg_namelen = to.len();
        }
        if !datagram.control.is_empty() {
            header.msg_control = datagram.control.as_ptr().cast_mut().cast();
            header.msg_controllen = datagram.control.len();
        }
        count += 1;
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the first `count` headers point to memory that is borrowed until the end of this function, with its
    // lengths, and that the kernel only reads.
    let sent = unsafe { libc::sendmmsg(fd.as_raw_fd(), headers.as_mut_ptr(), count, flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// A ring of blocks in memory that the kernel fills with packets, as PACKET_RX_RING of TPACKET_V3 has it. A block belongs
/// to one side at a time, as its status says.
#[derive(Debug)]
pub(super) struct Ring {
    start: ptr::NonNull<u8>,
    block: usize,
    count: usize,
    /// Which block is the next.
    at: usize,
}

impl Ring {
    /// Where a block's status is: `struct tpacket_block_desc`.
    const STATUS: usize = 8;

    /// mmap(2) of the ring of this socket: `count` blocks of `block` bytes, which is a multiple of a page.
    pub(super) fn map(fd: BorrowedFd<'_>, block: usize, count: usize) -> io::Result<Self> {
        let (access, length) = (libc::PROT_READ | libc::PROT_WRITE, block * count);
        // SAFETY: the kernel chooses where, so that nothing that is in use is replaced.
        let start = unsafe {
            let fd = fd.as_raw_fd();
            libc::mmap(ptr::null_mut(), length, access, libc::MAP_SHARED, fd, 0)
        };
        match ptr::NonNull::new(start.cast::<u8>()) {
            Some(start) if start.as_ptr().cast() != libc::MAP_FAILED => Ok(Self {
                start,
                block,
                count,
                at: 0,
            }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The next block, where the kernel has handed it over.
    pub(super) fn block(&self) -> Option<&[u8]> {
        let status = self.status().load(Ordering::Acquire);
        // SAFETY: the block is part of the mapping. With this bit in its status the kernel writes nothing to it before it
        // is given back, which takes a borrow that ends this one.
        let bytes = || unsafe {
            let start = self.start.as_ptr().add(self.at * self.block);
            std::slice::from_raw_parts(start, self.block)
        };
        (status & libc::TP_STATUS_USER != 0).then(bytes)
    }

    /// The block is the kernel's again.
    pub(super) fn give_back(&mut self) {
        let status = self.status();
        status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.at = (self.at + 1) % self.count;
    }

    fn status(&self) -> &AtomicU32 {
        // SAFETY: a block begins on a page, so that the place is aligned; both sides only touch it as a whole.
        unsafe {
            let start = self.start.as_ptr().add(self.at * self.block);
            AtomicU32::from_ptr(start.add(Self::STATUS).cast())
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, and no block is borrowed any more.
        let _ = unsafe { libc::munmap(self.start.as_ptr().cast(), self.block * self.count) };
    }
}

/// getsockopt(2) of any option into `value`; how many bytes the kernel wrote.
pub(super) fn getsockopt(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: &mut [u8],
) -> io::Result<usize> {
    let mut length = socklen(value.len())?;
    // SAFETY: `value` is writable for `length` bytes, and the kernel writes no more than that.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            level,
            name,
            value.as_mut_ptr().cast::<c_void>(),
            &raw mut length,
        )
    };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(length as usize)
}

/// setsockopt(2) of any option to the bytes of `value`.
pub(super) fn setsockopt(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: &[u8],
) -> io::Result<()> {
    let length = socklen(value.len())?;
    // SAFETY: `value` is readable for `length` bytes and the kernel only reads it.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            value.as_ptr().cast::<c_void>(),
            length,
        )
    };
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

fn socklen(length: usize) -> io::Result<libc::socklen_t> {
    libc::socklen_t::try_from(length).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

/// The program's main(3), given what runs it: words in, exit status out. Rust's own reads /proc/self/maps first, for the
/// guard of a stack that nothing here comes near to using up: a tenth of the time that a small command takes.
#[macro_export]
macro_rules! main {
    ($run:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn main(
            count: std::ffi::c_int,
            words: *const *const std::ffi::c_char,
        ) -> std::ffi::c_int {
            // SAFETY: the C runtime calls this, once, with as many words as it says, which stay until the process ends.
            let words = unsafe { $crate::net::begin(count, words) };
            std::ffi::c_int::from($run(words))
        }
    };
}

/// What the rest takes for granted: the words of the command line, three standard streams, the closed ones on /dev/null,
/// and EPIPE instead of SIGPIPE. Writing to a stdout that was closed fails as it would have, EBADF: what is lost is said.
///
/// # Safety
///
/// There are `count` words, each a string of C's, and this is the only thread.
pub unsafe fn begin(count: c_int, words: *const *const c_char) -> Vec<OsString> {
    while let Ok(null) = open("/dev/null", OFlag::O_RDWR, Mode::empty()) {
        match null.as_raw_fd() {
            libc::STDOUT_FILENO => {
                drop(null);
                let deaf = open("/dev/null", OFlag::O_RDONLY, Mode::empty());
                let _ = deaf.map(IntoRawFd::into_raw_fd);
            }
            libc::STDIN_FILENO | libc::STDERR_FILENO => {
                let _ = null.into_raw_fd();
            }
            _ => break,
        }
    }
    // SAFETY: no handler of ours is replaced, and a signal that is ignored runs no code of this process.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller says that there are so many.
    let word = |at| unsafe { CStr::from_ptr(*words.add(at)) };
    (0..count)
        .map(|at| OsStr::from_bytes(word(at).to_bytes()).to_owned())
        .collect()
}

/// Let SIGPIPE end the process again, as it was before [`begin`].
pub fn restore_sigpipe() -> io::Result<()> {
    // SAFETY: no handler of ours is replaced, and the default action runs no code of this process.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }?;
    Ok(())
}

/// pidfd_open(2): a descriptor that is readable once a child has ended. The process must not have been waited for.
pub fn open_process(process: i32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two numbers and no pointer.
    let number = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) };
    let number = c_int::try_from(number).unwrap_or(-1);
    if number < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor, close-on-exec, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// close_range(2) with CLOSE_RANGE_CLOEXEC: what was handed to us besides the standard streams is not for those that we
/// start. A kernel older than 5.11 does not know it.
pub fn keep_from_children() {
    let from = libc::c_uint::try_from(libc::STDERR_FILENO + 1).unwrap_or(libc::c_uint::MAX);
    // SAFETY: the call takes three numbers, and flags descriptors without closing any.
    let _ = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            from,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
}

/// One result of getaddrinfo(3).
pub(super) struct Found {
    pub(super) address: SocketAddr,
    pub(super) canonical: Option<String>,
}

/// getaddrinfo(3) with hints; the error is an EAI code.
pub(super) fn getaddrinfo(
    host: &CStr,
    service: Option<&CStr>,
    [flags, family, kind]: [c_int; 3],
) -> Result<Vec<Found>, c_int> {
    let mut list = ptr::null_mut();
    // SAFETY: the hints are zero but for three numbers, the strings end with NUL, `list` is written on success.
    let code = unsafe {
        let mut hints: libc::addrinfo = std::mem::zeroed();
        hints.ai_flags = flags;
        hints.ai_family = family;
        hints.ai_socktype = kind;
        libc::getaddrinfo(
            host.as_ptr(),
            service.map_or(ptr::null(), CStr::as_ptr),
            &raw const hints,
            &raw mut list,
        )
    };
    if code != 0 {
        return Err(code);
    }
    let mut found = Vec::new();
    let mut next = list;
    // SAFETY: a success leaves a list that ends with null, whose entries live until freeaddrinfo(3) below.
    while let Some(entry) = unsafe { next.as_ref() } {
        // SAFETY: `ai_addr` is readable for `ai_addrlen` bytes; a canonical name ends with NUL.
        unsafe {
            let canonical = entry
                .ai_canonname
                .as_ref()
                .map(|name| CStr::from_ptr(name).to_string_lossy().into_owned());
            let length = entry.ai_addrlen as usize;
            let address = std::slice::from_raw_parts(entry.ai_addr.cast::<u8>(), length);
            if let Some(address) = sockaddr(address).ok().and_then(|raw| raw.as_socket()) {
                found.push(Found { address, canonical });
            }
        }
        next = entry.ai_next;
    }
    // SAFETY: the list came from getaddrinfo(3) and nothing of it is used any more.
    unsafe { libc::freeaddrinfo(list) };
    Ok(found)
}

/// A socket address from its bytes, of whatever family.
pub(super) fn sockaddr(bytes: &[u8]) -> io::Result<SockAddr> {
    // SAFETY: no more is copied than both sides have, and the kernel and `SockAddr` judge it by its length and family.
    let copied = unsafe {
        SockAddr::try_init(|storage, stored| {
            let length = bytes.len().min(size_of::<libc::sockaddr_storage>());
            ptr::copy_nonoverlapping(bytes.as_ptr(), storage.cast::<u8>(), length);
            *stored = socklen(length)?;
            Ok(())
        })
    };
    copied.map(|((), address)| address)
}

/// getnameinfo(3): the host's and the service's name; the error is an EAI code.
pub(super) fn getnameinfo(address: SocketAddr, flags: c_int) -> Result<(String, String), c_int> {
    // NI_MAXHOST and NI_MAXSERV of <netdb.h>.
    let (mut host, mut service) = ([0_u8; 1025], [0_u8; 32]);
    let (host_size, service_size) = (1025, 32);
    let address = SockAddr::from(address);
    // SAFETY: the address is readable for its length, both buffers are writable for theirs.
    let code = unsafe {
        libc::getnameinfo(
            address.as_ptr().cast(),
            address.len(),
            host.as_mut_ptr().cast(),
            host_size,
            service.as_mut_ptr().cast(),
            service_size,
            flags,
        )
    };
    let text = |bytes: &[u8]| {
        CStr::from_bytes_until_nul(bytes).map(|text| text.to_string_lossy().into_owned())
    };
    match (code, text(&host), text(&service)) {
        (0, Ok(host), Ok(service)) => Ok((host, service)),
        (0, _, _) => Err(libc::EAI_OVERFLOW),
        (code, _, _) => Err(code),
    }
}

/// `struct hostent` of `<netdb.h>`.
#[repr(C)]
struct HostEntry {
    name: *mut c_char,
    aliases: *mut *mut c_char,
    address_type: c_int,
    length: c_int,
    addresses: *mut *mut c_char,
}

unsafe extern "C" {
    fn gethostbyaddr_r(
        address: *const c_void,
        length: libc::socklen_t,
        family: c_int,
        result: *mut HostEntry,
        buffer: *mut c_char,
        size: libc::size_t,
        found: *mut *mut HostEntry,
        error: *mut c_int,
    ) -> c_int;
    fn gethostbyname2_r(
        name: *const c_char,
        family: c_int,
        result: *mut HostEntry,
        buffer: *mut c_char,
        size: libc::size_t,
        found: *mut *mut HostEntry,
        error: *mut c_int,
    ) -> c_int;
}

/// What the host functions of `<netdb.h>` know of a host.
pub(super) struct HostNames {
    /// The name that comes first.
    pub(super) name: String,
    /// The others.
    pub(super) aliases: Vec<String>,
    /// The addresses, each of 4 or 16 bytes.
    pub(super) addresses: Vec<Vec<u8>>,
}

/// gethostbyaddr_r(3): the names of an address; the error is h_errno (1 host not found, 2 try again, 3, 4).
pub(super) fn gethostbyaddr(ip: IpAddr) -> Result<HostNames, c_int> {
    let (octets, family) = match ip {
        IpAddr::V4(v4) => (v4.octets().to_vec(), libc::AF_INET),
        IpAddr::V6(v6) => (v6.octets().to_vec(), libc::AF_INET6),
    };
    let length = socklen(octets.len()).map_err(|_| NO_RECOVERY)?;
    with_buffer(|result, buffer, size, found, error| {
        // SAFETY: the address is readable for `length` bytes of its family; the other pointers are `with_buffer`'s.
        unsafe {
            gethostbyaddr_r(
                octets.as_ptr().cast(),
                length,
                family,
                result,
                buffer,
                size,
                found,
                error,
            )
        }
    })
}

/// gethostbyname2_r(3) for AF_INET: the addresses of a name; the error is h_errno.
pub(super) fn gethostbyname(name: &CString) -> Result<HostNames, c_int> {
    with_buffer(|result, buffer, size, found, error| {
        // SAFETY: the name ends with NUL; the other pointers are `with_buffer`'s.
        unsafe {
            gethostbyname2_r(
                name.as_ptr(),
                libc::AF_INET,
                result,
                buffer,
                size,
                found,
                error,
            )
        }
    })
}

/// h_errno's NO_RECOVERY: an answer that nothing mends.
const NO_RECOVERY: c_int = 3;
/// No answer needs more than this: 64 KiB of DNS message.
const LARGEST_ANSWER: usize = 1 << 20;

/// Call a reentrant host function, with a larger buffer as long as it asks for one (ERANGE).
fn with_buffer(
    call: impl Fn(*mut HostEntry, *mut c_char, usize, *mut *mut HostEntry, *mut c_int) -> c_int,
) -> Result<HostNames, c_int> {
    let mut buffer: Vec<c_char> = vec![0; 8192];
    loop {
        let mut entry = MaybeUninit::<HostEntry>::uninit();
        let (mut found, mut error) = (ptr::null_mut(), 0);
        let size = buffer.len();
        let result = call(
            entry.as_mut_ptr(),
            buffer.as_mut_ptr(),
            size,
            &raw mut found,
            &raw mut error,
        );
        if result == libc::ERANGE && size < LARGEST_ANSWER {
            buffer.resize(size * 2, 0);
            continue;
        }
        if result != 0 || found.is_null() {
            return Err(error);
        }
        // SAFETY: the call succeeded, so `found` points to a filled entry whose pointers lead into `buffer`,
        // which lives until the end of this turn.
        return Ok(unsafe { copy_entry(&*found) });
    }
}

/// # Safety
/// The entry must have been filled by a host function whose buffer still lives.
unsafe fn copy_entry(entry: &HostEntry) -> HostNames {
    let width = usize::try_from(entry.length).unwrap_or(0);
    // SAFETY: netdb promises a NUL-terminated name, and two arrays that end with a null pointer.
    unsafe {
        let name = CStr::from_ptr(entry.name).to_string_lossy().into_owned();
        let alias = |text: *mut c_char| CStr::from_ptr(text).to_string_lossy().into_owned();
        let aliases = pointers(entry.aliases).map(alias).collect();
        let octets =
            |start: *mut c_char| std::slice::from_raw_parts(start.cast::<u8>(), width).to_vec();
        HostNames {
            name,
            aliases,
            addresses: pointers(entry.addresses).map(octets).collect(),
        }
    }
}

/// # Safety
/// `array` is null or an array of pointers that ends with a null pointer.
unsafe fn pointers(array: *mut *mut c_char) -> impl Iterator<Item = *mut c_char> {
    let mut next = array;
    std::iter::from_fn(move || {
        if next.is_null() {
            return None;
        }
        // SAFETY: not past the final null pointer, where this iterator ends.
        let item = unsafe { *next };
        if item.is_null() {
            return None;
        }
        // SAFETY: the array has one more element behind every one that is not null.
        next = unsafe { next.add(1) };
        Some(item)
    })
}

const _: () = assert!(
    size_of::<c_char>() == 1,
    "addresses are copied byte by byte"
);
