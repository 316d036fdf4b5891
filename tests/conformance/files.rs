//! Files that change while they are sent: what is received is one version, whole, or cut off and seen to be cut off.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Kept, asked, fetch, get};
use crate::kit::{DEADLINE, Running, pattern, peer, sockkit};
use crate::reader::Response;
use crate::tree::Tree;

/// More than the socket buffers of both sides hold.
const LONG: usize = 12_000_000;
/// setpriv(1) in front of a program.
const UNPRIVILEGED: &str = "exec setpriv --bounding-set=-dac_override,-dac_read_search";

fn served() -> (Tree, Running, u16) {
    let tree = Tree::new();
    let (server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    (tree, server, port)
}

/// The content of the long file.
fn long() -> &'static [u8] {
    static LONG_CONTENT: OnceLock<Vec<u8>> = OnceLock::new();
    LONG_CONTENT.get_or_init(|| pattern(LONG))
}

/// A client that has read the first bytes of a long file, and no more.
fn begun(tree: &Tree, port: u16) -> Kept {
    tree.write("long.bin", long());
    let mut client = Kept::to(port);
    client.send(get("/long.bin"));
    client.hear(1000);
    client
}

fn whole(response: &Response) {
    assert_eq!(response.status, 200);
    assert!(response.body == long(), "another content");
}

#[test]
fn one_that_grows_is_sent_as_it_was_measured() {
    let (tree, _server, port) = served();
    let mut client = begun(&tree, port);
    let mut file = File::options().append(true).open(tree.file("long.bin"));
    file.as_mut().unwrap().write_all(b"more").unwrap();
    whole(&client.response(false));
    assert_eq!(client.get("/ten").body, b"0123456789", "the next answer");
    assert_eq!(fetch(port, "/long.bin", "").body.len(), LONG + 4);
}

#[test]
fn one_that_shrinks_ends_the_connection() {
    let (tree, mut server, port) = served();
    for left in [0, 1000, LONG as u64 / 2] {
        let mut client = begun(&tree, port);
        client.send(get("/ten"));
        let file = File::options().write(true).open(tree.file("long.bin"));
        file.unwrap().set_len(left).unwrap();
        let mut rest = Vec::new();
        // The end or a reset: it is no complete answer either way, and there is no other behind it.
        let _ = client.stream().read_to_end(&mut rest);
        assert!(rest.len() < LONG - 1000, "{left}");
        assert!(!rest.ends_with(b"0123456789"), "{left}");
        assert_eq!(fetch(port, "/long.bin", "").body.len() as u64, left);
    }
    assert!(server.is_running());
}

#[test]
fn one_that_is_replaced_or_deleted_is_sent_as_it_was() {
    let (tree, _server, port) = served();
    let mut client = begun(&tree, port);
    tree.write("new", b"another");
    fs::rename(tree.file("new"), tree.file("long.bin")).unwrap();
    whole(&client.response(false));
    eventually("the new file", || {
        fetch(port, "/long.bin", "").body == b"another"
    });

    let mut client = begun(&tree, port);
    fs::remove_file(tree.file("long.bin")).unwrap();
    whole(&client.response(false));
    eventually("no file", || fetch(port, "/long.bin", "").status == 404);
    tree.write("long.bin", b"again");
    eventually("a file again", || {
        fetch(port, "/long.bin", "").body == b"again"
    });
}

#[test]
fn an_entity_tag_names_one_content() {
    let (tree, _server, port) = served();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for version in 0.. {
                let content = format!("{version} ").repeat(1 + version % 2000);
                fs::write(tree.file("new"), content).unwrap();
                fs::rename(tree.file("new"), tree.file("changing")).unwrap();
                if ended.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let _ended = Ends(&ended);
        let mut contents: HashMap<String, Vec<u8>> = HashMap::new();
        let mut client = Kept::to(port);
        let until = Instant::now() + DEADLINE;
        while contents.len() < 20 && Instant::now() < until {
            let response = client.get("/changing");
            if response.status == 404 {
                continue;
            }
            let tag = response.field("etag").unwrap().to_owned();
            let body = response.body;
            let first = std::str::from_utf8(&body).unwrap();
            let version: usize = first.split(' ').next().unwrap().parse().unwrap();
            let content = format!("{version} ").repeat(1 + version % 2000);
            assert!(body == content.as_bytes(), "two versions in one answer");
            let known = contents.entry(tag).or_insert_with(|| body.clone());
            assert!(*known == body, "one tag for two contents");
        }
        assert!(contents.len() >= 20, "{} versions seen", contents.len());
    });
}

/// Tells the other thread that this one is done, or has failed.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_root_that_goes_and_comes_back() {
    let (tree, mut server, port) = served();
    let away = tree.root().with_file_name("away");
    assert_eq!(fetch(port, "/sub/file.txt", "").status, 200);
    fs::rename(tree.root(), &away).unwrap();
    let response = fetch(port, "/sub/file.txt", "");
    assert!(matches!(response.status, 200 | 404), "{}", response.status);
    fs::rename(&away, tree.root()).unwrap();
    assert_eq!(fetch(port, "/sub/file.txt", "").body, b"a file\n");
    fs::remove_dir_all(tree.root()).unwrap();
    eventually("nothing there", || {
        fetch(port, "/sub/file.txt", "").status == 404
    });
    // An empty folder, or none.
    let status = asked(port, "HEAD", "/", "").status;
    assert!(matches!(status, 200 | 404), "{status}");
    assert!(server.is_running());
}

#[test]
fn what_must_not_be_read_is_forbidden() {
    if peer("setpriv").is_none() {
        return;
    }
    let tree = Tree::new();
    let mut sign = crate::kit::Sign::new();
    // Root without the capabilities to read everything is as good as anyone.
    let script = match nix::unistd::geteuid().is_root() {
        true => sign.script("").replacen("exec", UNPRIVILEGED, 1),
        false => sign.script(""),
    };
    let server = sockkit(["http", "-q", "--port", "0"]).args([tree.root()]);
    let _server = server.args(sign.flags()).under(&script).start();
    let port = sign.port();
    for path in ["/ten", "/sub/file.txt"] {
        assert_eq!(fetch(port, path, "").status, 200);
    }
    let unreadable = |name: &str| {
        fs::set_permissions(tree.file(name), fs::Permissions::from_mode(0o000)).unwrap();
    };
    unreadable("ten");
    unreadable("sub");
    for path in ["/ten", "/sub/file.txt", "/sub/"] {
        eventually(path, || fetch(port, path, "").status == 403);
    }
    let again = fs::Permissions::from_mode(0o755);
    fs::set_permissions(tree.file("sub"), again).unwrap();
}

/// A server may look again only after a while; a short one.
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < until, "{what} is not served");
        thread::sleep(Duration::from_millis(10));
    }
}
