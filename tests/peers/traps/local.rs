//! Traps 23 to 26: the files of local sockets, and names that are none.

use std::fs;
use std::io::Write;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::{nc, ncat, ours, socat};
use crate::kit::{Running, Start, patient, read_end, scratch};

fn place() -> (TempDir, PathBuf) {
    let folder = scratch();
    let path = folder.path().join("s");
    (folder, path)
}

fn sockkit_at(path: &Path, words: &str) -> Start {
    ours(&format!("unix listen {} {words}", path.display()))
}

fn nc_at(path: &Path) -> Option<Start> {
    nc(&format!("-l -U {}", path.display()))
}

fn ncat_at(path: &Path) -> Option<Start> {
    ncat(&format!("-l -U {}", path.display()))
}

fn socat_at(path: &Path) -> Option<Start> {
    socat(&format!("-u UNIX-LISTEN:{} -", path.display()))
}

/// Wait until `done` holds, or the child has ended.
fn until(child: &Running, done: impl Fn() -> bool) -> bool {
    (0..1000).any(|_| done() || child.ends_within(Duration::from_millis(10)));
    done()
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

/// nc removes whatever is there: a file, and the name of a listener that lives. ncat refuses the dead ones too.
#[test]
fn trap_23_what_is_at_the_path() {
    let (_folder, path) = place();
    fs::write(&path, "precious").unwrap();
    for words in ["", "--replace"] {
        sockkit_at(&path, words)
            .run()
            .expect(2)
            .says("(EADDRINUSE)");
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
    if let Some(listening) = nc_at(&path) {
        let listening = listening.start();
        assert!(until(&listening, || is_socket(&path)), "nc");
    }

    let (_folder, path) = place();
    let theirs = UnixListener::bind(&path).unwrap();
    theirs.set_nonblocking(true).unwrap();
    for words in ["", "--replace"] {
        sockkit_at(&path, words)
            .run()
            .expect(2)
            .says("(EADDRINUSE)");
    }
    let _ours = UnixStream::connect(&path).unwrap();
    assert!(theirs.accept().is_ok(), "it is still the one that is found");
    if let Some(listening) = nc_at(&path) {
        let listening = listening.start();
        let stolen = || UnixStream::connect(&path).is_ok() && theirs.accept().is_err();
        assert!(until(&listening, stolen), "nc");
    }

    let (_folder, path) = place();
    drop(UnixListener::bind(&path).unwrap());
    sockkit_at(&path, "").run().expect(2).says("--replace");
    if let Some(listening) = ncat_at(&path) {
        assert_ne!(listening.run().status, 0, "ncat");
    }
    let listening = sockkit_at(&path, "--replace").input("new").start();
    listening.listening();
    let mut client = patient(UnixStream::connect(&path).unwrap());
    assert_eq!(read_end(&mut client), b"new");
}

/// nc takes the place of a link and of a FIFO too, whatever a link leads to.
#[test]
fn trap_23_what_is_no_socket_stays() {
    type Make = fn(&Path, &Path);
    let makes: [(&str, Make); 5] = [
        ("a folder", |path, _| fs::create_dir(path).unwrap()),
        ("a link to a file", |path, file| {
            fs::write(file, "precious").unwrap();
            symlink(file, path).unwrap();
        }),
        ("a link to nothing", |path, file| {
            symlink(file, path).unwrap();
        }),
        ("a link to a dead socket", |path, file| {
            drop(UnixListener::bind(file).unwrap());
            symlink(file, path).unwrap();
        }),
        ("a FIFO", |path, _| {
            nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        }),
    ];
    for (name, make) in makes {
        let (folder, path) = place();
        make(&path, &folder.path().join("file"));
        let before = fs::symlink_metadata(&path).unwrap().ino();
        for words in ["", "--replace"] {
            sockkit_at(&path, words)
                .run()
                .expect(2)
                .says("(EADDRINUSE)");
            let after = fs::symlink_metadata(&path).unwrap().ino();
            assert_eq!(after, before, "{name}");
        }
        if name == "a folder" {
            continue;
        }
        if let Some(listening) = nc_at(&path) {
            let listening = listening.start();
            assert!(until(&listening, || is_socket(&path)), "nc: {name}");
        }
    }
}

/// ncat cuts a long path, and listens at another one.
#[test]
fn trap_24_paths_that_are_too_long() {
    let folder = scratch();
    let room = 107 - folder.path().as_os_str().len() - 1;
    let [fits, longer, longest] =
        [room, room + 1, room + 2].map(|count| folder.path().join("p".repeat(count)));
    for (path, count) in [(&longer, 108), (&longest, 109)] {
        let words = format!("{count} bytes, at most 107");
        drop(sockkit_at(path, "").run().expect(2).says(&words));
    }
    assert!(!fits.exists() && !longer.exists());
    let listening = sockkit_at(&fits, "").start();
    listening.listening();
    assert!(is_socket(&fits));
    drop(listening);
    let _ = fs::remove_file(&fits);
    if let Some(listening) = ncat_at(&longest) {
        let listening = listening.start();
        let cut = || fs::read_dir(folder.path()).unwrap().count() == 1 && !longest.exists();
        assert!(until(&listening, cut), "ncat");
    }
}

/// ncat makes a file of a name that begins with @.
#[test]
fn trap_25_abstract_names() {
    let folder = scratch();
    let name = format!("sockkit-trap-{}", std::process::id());
    let found = |name: &str| {
        let address = SocketAddr::from_abstract_name(name).unwrap();
        UnixStream::connect_addr(&address)
    };
    let listening = ours(&format!("unix listen @{name}")).input("found").start();
    listening.listening();
    // Neither shorter, nor filled up with NULs as some do.
    assert!(found(&name[..name.len() - 1]).is_err());
    assert!(found(&format!("{name}\0")).is_err());
    assert_eq!(read_end(&mut patient(found(&name).unwrap())), b"found");
    drop(listening);
    if let Some(listening) = ncat(&format!("-l -U @{name}")) {
        let listening = listening.directory(folder.path()).start();
        let file = folder.path().join(format!("@{name}"));
        assert!(until(&listening, || is_socket(&file)), "ncat");
    }
    let listening = ours("unix listen ./@name").directory(folder.path()).start();
    listening.listening();
    assert!(is_socket(&folder.path().join("@name")));
    let with_nul = format!("{name}\\0end");
    let listening = ours(&format!("unix listen @{with_nul}")).start();
    listening.listening();
    let mut client = found(&with_nul.replace("\\0", "\0")).unwrap();
    client.write_all(b"found").unwrap();
    drop(client);
    assert_eq!(listening.finish().expect(0).text(), "found");
}

/// nc, ncat and socat let everybody in whom the umask does: with most that is everybody to see, with some to connect.
#[test]
fn trap_26_who_may_connect() {
    let open = r#"umask 0; exec "$0" "$@""#;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (_folder, path) = place();
    let listening = sockkit_at(&path, "").under(open).start();
    listening.listening();
    assert_eq!(mode(&path), 0o600);
    drop(listening);
    for listening in [nc_at, ncat_at, socat_at] {
        let (_folder, path) = place();
        let Some(listening) = listening(&path) else {
            continue;
        };
        let listening = listening.under(open).start();
        assert!(until(&listening, || is_socket(&path)));
        assert_eq!(mode(&path), 0o777);
    }
}
