//! Folders in Chromium, with its script and without; archives in tar(1), unzip(1) and python.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use super::browser::Browser;
use crate::kit::{Running, peer, program, python, scratch, sockkit};

/// Names that would be markup, script or another place.
const HOSTILE: &[&str] = &[
    "<img src=x onerror=document.title='run'>",
    "\" onfocus=\"document.title='run'\" autofocus=\"",
    "javascript:document.title='run'",
    "a?b#c%20d",
    "new\nline",
];

fn serve(folder: &Path, flags: &[&str]) -> (Running, String) {
    let server = sockkit(["http", "--port", "0"]).args([folder]).args(flags);
    let server = server.start();
    let url = format!("http://127.0.0.1:{}", server.port());
    (server, url)
}

fn write_folder(folder: &Path) {
    fs::create_dir(folder.join("sub")).unwrap();
    for (name, size) in [
        ("file 9", 3000),
        ("file 10", 10),
        ("b", 2_000_000),
        ("A", 0),
    ] {
        fs::write(folder.join(name), vec![b'x'; size]).unwrap();
    }
}

/// The names in the rows that are seen.
const SEEN: &str = "[...document.querySelectorAll('#entries tr:not([hidden]) bdi')].map(n => n.textContent).join('|')";

#[test]
fn the_page_sorts_filters_and_listens_to_keys() {
    let folder = scratch();
    write_folder(folder.path());
    let (_server, url) = serve(folder.path(), &["--archive"]);
    let Some(mut browser) = Browser::start() else {
        return;
    };
    browser.open(&format!("{url}/"));
    assert_eq!(browser.value(SEEN), "sub|A|b|file 9|file 10");
    for (column, order, direction) in [
        ("size", "sub|b|file 9|file 10|A", "descending"),
        ("size", "sub|A|file 10|file 9|b", "ascending"),
        ("name", "sub|A|b|file 9|file 10", "ascending"),
        ("name", "sub|file 10|file 9|b|A", "descending"),
    ] {
        let head = format!("document.querySelector('[data-sort={column}]')");
        browser.value(&format!("{head}.click()"));
        assert_eq!(browser.value(SEEN), order, "{column}");
        let marked = browser
            .value("[...document.querySelectorAll('[aria-sort]')].map(h => h.ariaSort).join()");
        assert_eq!(marked, direction);
        // Whoever loads the page again finds what was there.
        let sorted = browser.value("location.search");
        browser.open(&format!("{url}/{}", sorted.as_str().unwrap()));
        assert_eq!(browser.value(SEEN), order, "{sorted}");
    }
    browser.open(&format!("{url}/"));
    for key in ["/", "F", "i", "l"] {
        browser.press(key);
    }
    assert_eq!(browser.value("document.activeElement.id"), "filter");
    assert_eq!(browser.value(SEEN), "file 9|file 10");
    assert_eq!(
        browser.value("document.getElementById('count').textContent"),
        "2 files, 2.9 KiB"
    );
    assert_eq!(browser.value("location.search"), "?q=Fil");
    let focused = "document.activeElement.textContent";
    for (key, name) in [
        ("ArrowDown", "file 9"),
        ("ArrowDown", "file 10"),
        ("ArrowDown", "file 10"),
        ("ArrowUp", "file 9"),
        ("End", "file 10"),
        ("Home", "file 9"),
    ] {
        browser.press(key);
        assert_eq!(browser.value(focused), name, "{key}");
    }
    browser.press("ArrowUp");
    browser.press("Escape");
    assert_eq!(browser.value(SEEN), "sub|A|b|file 9|file 10");
    browser.value("document.getElementById('filter').value = 'zzz', document.getElementById('filter').dispatchEvent(new Event('input'))");
    assert_eq!(
        browser.value(
            "document.getElementById('none').textContent + document.getElementById('none').hidden"
        ),
        "No name matches.false"
    );
    assert!(
        browser.complaints().is_empty(),
        "{:?}",
        browser.complaints()
    );
}

#[test]
fn a_filter_of_the_server_can_be_taken_back() {
    let folder = scratch();
    write_folder(folder.path());
    let (_server, url) = serve(folder.path(), &[]);
    let Some(mut browser) = Browser::start() else {
        return;
    };
    browser.open(&format!("{url}/?q=FILE"));
    assert_eq!(browser.value(SEEN), "file 9|file 10");
    let gone = "new Promise(done => {
        const seen = new MutationObserver(() => done(true));
        seen.observe(document.querySelector('table'), { childList: true });
        const filter = document.getElementById('filter');
        filter.value = '';
        filter.dispatchEvent(new Event('input'));
    })";
    assert_eq!(browser.value(gone), true);
    assert_eq!(browser.value(SEEN), "sub|A|b|file 9|file 10");
}

#[test]
fn it_works_without_the_script() {
    let folder = scratch();
    write_folder(folder.path());
    let (_server, url) = serve(folder.path(), &[]);
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let off = json!({"value": true});
    browser.call("Emulation.setScriptExecutionDisabled", &off);
    browser.open(&format!("{url}/"));
    let links = browser.value("[...document.querySelectorAll('th a')].map(link => link.href)");
    let by_size = links[1].as_str().unwrap().to_owned();
    browser.open(&by_size);
    assert_eq!(browser.value(SEEN), "sub|b|file 9|file 10|A");
    // The form, as a browser submits it.
    let form = browser.value("location.pathname + '?' + new URLSearchParams(new FormData(document.querySelector('form')))");
    let form = form.as_str().unwrap().replace("q=", "q=FILE");
    browser.open(&format!("{url}{form}"));
    assert_eq!(browser.value(SEEN), "file 9|file 10");
    assert_eq!(
        browser.value("document.querySelector('noscript button') !== null"),
        true
    );
}

#[test]
fn no_name_is_more_than_a_name() {
    let folder = scratch();
    for name in HOSTILE {
        fs::write(folder.path().join(name), name).unwrap();
    }
    fs::write(folder.path().join(OsStr::from_bytes(b"\xff")), "bytes").unwrap();
    let (_server, url) = serve(folder.path(), &[]);
    let Some(mut browser) = Browser::start() else {
        return;
    };
    browser.open(&format!("{url}/?q="));
    assert_eq!(browser.value("document.title"), "/");
    let count = browser.value("document.querySelectorAll('#entries a').length");
    assert_eq!(count, HOSTILE.len() + 1);
    let contents = "Promise.all([...document.querySelectorAll('#entries a')]
        .map(link => fetch(link.href).then(answer => answer.text())))";
    let mut contents: Vec<String> = serde_json::from_value(browser.value(contents)).unwrap();
    contents.sort();
    let mut expected: Vec<&str> = HOSTILE.iter().copied().chain(["bytes"]).collect();
    expected.sort_unstable();
    assert_eq!(contents, expected);
    // A filter in the address is no markup either.
    browser.open(&format!(
        "{url}/?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E"
    ));
    assert_eq!(browser.value("document.images.length"), 0);
    assert!(
        browser.complaints().is_empty(),
        "{:?}",
        browser.complaints()
    );
    // And what came in all the same would not run.
    browser.value("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\" onerror=\"document.title = 1\">')");
    let refused = browser.value(
        "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(document.title))))",
    );
    assert_eq!(refused, "/");
    assert!(!browser.complaints().is_empty());
}

#[test]
fn it_fits_a_phone_and_a_desk_in_light_and_dark() {
    let folder = scratch();
    write_folder(folder.path());
    fs::write(folder.path().join("n".repeat(255)), "").unwrap();
    symlink("nowhere", folder.path().join("a link that is broken")).unwrap();
    let Some(mut browser) = Browser::start() else {
        return;
    };
    for flag in ["--archive", "--upload"] {
        let (_server, url) = serve(folder.path(), &[flag]);
        browser.try_every_look(&format!("{url}/"), |_| {});
        // The narrowest that is still made, and a page at 400 % on a desk (WCAG 2.2, 1.4.10).
        let size = json!({"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": true});
        browser.call("Emulation.setDeviceMetricsOverride", &size);
        browser.open(&format!("{url}/"));
        assert_eq!(browser.value("document.documentElement.scrollWidth"), 320);
    }
}

#[test]
fn files_are_uploaded_and_what_is_refused_is_said() {
    let (folder, own) = (scratch(), scratch());
    fs::write(folder.path().join("there"), "old").unwrap();
    let names = ["a \"b\" <c>?#%.txt", "there", "größe", "large"];
    let files: Vec<_> = names.iter().map(|name| own.path().join(name)).collect();
    for file in &files {
        fs::write(file, "new").unwrap();
    }
    fs::write(&files[3], vec![b'l'; 200_000]).unwrap();
    let files: Vec<&Path> = files.iter().map(AsRef::as_ref).collect();
    let (_server, url) = serve(folder.path(), &["--upload", "--upload-limit", "100000"]);
    let Some(mut browser) = Browser::start() else {
        return;
    };
    browser.open(&format!("{url}/"));
    browser.choose("#upload input", &files);
    let ended = "new Promise(done => {
        const look = () => {
            const items = [...document.querySelectorAll('#upload li')];
            const rows = document.querySelectorAll('#entries tr').length;
            if (rows === 3 && items.length === 4 && items.every(item => item.className)) {
                done(items.map(item => item.className + ' ' + item.textContent));
            }
        };
        const watched = { subtree: true, childList: true, attributes: true };
        new MutationObserver(look).observe(document.body, watched);
        look();
    })";
    assert_eq!(
        browser.value(ended),
        json!([
            "done a \"b\" <c>?#%.txtdone",
            "failed therethat name is taken, and is not replaced",
            "done größedone",
            "failed largelarger than this server takes",
        ])
    );
    assert_eq!(browser.value(SEEN), "a \"b\" <c>?#%.txt|größe|there");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        (read(names[0]), read("there")),
        ("new".into(), "old".into())
    );

    // Without the script it is a form.
    fs::write(files[2], "newer").unwrap();
    fs::remove_file(folder.path().join("größe")).unwrap();
    let off = json!({"value": true});
    browser.call("Emulation.setScriptExecutionDisabled", &off);
    browser.open(&format!("{url}/"));
    browser.choose("#upload input", &files[2..3]);
    browser.value("document.getElementById('upload').submit()");
    browser.until_loaded();
    assert_eq!(browser.value("location.pathname + location.search"), "/");
    assert_eq!(browser.value(SEEN), "a \"b\" <c>?#%.txt|größe|there");
    assert_eq!(read("größe"), "newer");
}

/// What tar(1), unzip(1) and python find in the archives of a folder of hostile names.
#[test]
fn archives_in_the_programs_of_others() {
    let (folder, out) = (scratch(), scratch());
    let sub = folder.path().join("sub");
    fs::create_dir_all(sub.join("deep").join("x".repeat(200)).join("y".repeat(200))).unwrap();
    for name in HOSTILE.iter().chain(&["größe", "-rf", " "]) {
        fs::write(sub.join(name), name).unwrap();
    }
    fs::write(sub.join(OsStr::from_bytes(b"\xff\xfe")), "bytes").unwrap();
    fs::write(sub.join("deep/large"), vec![b'l'; 3_000_000]).unwrap();
    let (_server, url) = serve(folder.path(), &["--archive"]);
    for format in ["tar", "zip"] {
        let Some(curl) = peer("curl") else {
            return;
        };
        let file = out.path().join(format);
        let words = ["-sSf", &format!("{url}/sub/?archive={format}"), "-o"];
        program(curl, words).args([&file]).run().expect(0);
    }
    if let Some(tar) = peer("tar") {
        let unpacked = out.path().join("unpacked");
        fs::create_dir(&unpacked).unwrap();
        let tar = program(tar, ["-xf"]).args([out.path().join("tar")]);
        tar.args(["-C"]).args([&unpacked]).run().expect(0);
        if let Some(diff) = peer("diff") {
            let diff = program(diff, ["-r"]).args([&sub, &unpacked]);
            assert_eq!(diff.run().expect(0).text(), "");
        }
    }
    let zip = out.path().join("zip");
    if let Some(unzip) = peer("unzip") {
        program(unzip, ["-tq".as_ref(), zip.as_os_str()])
            .run()
            .expect(0);
    }
    let script = "import sys, zipfile, json\n\
                  z = zipfile.ZipFile(sys.argv[1])\n\
                  assert z.testzip() is None\n\
                  print(json.dumps(sorted((i.filename, i.file_size, i.compress_size < 100_000) for i in z.infolist())))";
    let Some(python) = python(script, &[zip.to_str().unwrap()]) else {
        return;
    };
    let members: Vec<(String, u64, bool)> =
        serde_json::from_str(&python.run().expect(0).text()).unwrap();
    let has = |name: &str, size: u64| members.contains(&(name.to_owned(), size, true));
    assert!(
        has("größe", 7) && has("%FF%FE", 5) && has("deep/large", 3_000_000),
        "{members:?}"
    );
    assert!(has("javascript%3Adocument.title='run'", 31), "{members:?}");
    assert_eq!(members.len(), HOSTILE.len() + 3 + 1 + 1 + 3);
}

#[test]
fn python_reads_the_json() {
    let folder = scratch();
    write_folder(folder.path());
    let (_server, url) = serve(folder.path(), &[]);
    let script = "import sys, urllib.request\n\
                  r = urllib.request.Request(sys.argv[1], headers={'Accept': 'application/json'})\n\
                  print(urllib.request.urlopen(r).read().decode())";
    let Some(python) = python(script, &[&format!("{url}/?sort=size")]) else {
        return;
    };
    let listing: Value = serde_json::from_str(&python.run().expect(0).text()).unwrap();
    assert_eq!(listing["entries"][1]["name"], "A");
    assert_eq!(listing["entries"][4]["size"], 2_000_000);
}
