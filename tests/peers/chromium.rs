//! Chromium loads a page with a style sheet, a script and an image from `http DIR`, over TLS too: the DOM tells what it made of them.

use std::path::Path;
use std::time::Duration;

use crate::kit::{peer, program, scratch, sockkit};

/// Three by two pixels.
const IMAGE: &str = "89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d\
                     0000001b4944415478da6338c1c070828be184089062e03ac1c57542840b0035fc050b2a05af33\
                     0000000049454e44ae426082";

const PAGE: &str = r#"<!doctype html>
<html><head><meta charset="utf-8"><title>before</title>
<link rel="stylesheet" href="style/page.css">
<script defer src="script.js"></script></head>
<body><p id="p">Grüße</p><img id="image" src="image.png" alt=""></body></html>"#;

const STYLE: &str = "#p { color: rgb(1, 2, 3) }";

const SCRIPT: &str = r#"
addEventListener("load", () => {
  const image = document.getElementById("image"), p = document.getElementById("p");
  document.title = "the script ran";
  document.body.dataset.image = image.naturalWidth + "x" + image.naturalHeight;
  document.body.dataset.color = getComputedStyle(p).color;
  document.body.dataset.text = p.textContent;
});
"#;

/// How long a browser may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

fn write_site(folder: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    std::fs::create_dir(folder.join("style")).unwrap();
    write("index.html", PAGE.as_bytes());
    write("style/page.css", STYLE.as_bytes());
    write("script.js", SCRIPT.as_bytes());
    write("image.png", &hex::decode(IMAGE).unwrap());
}

#[test]
fn a_page_with_style_script_and_image() {
    assert_loads("http", &[], &[]);
}

#[cfg(feature = "tls")]
#[test]
fn the_same_page_over_tls() {
    assert_loads("https", &["--tls"], &["--ignore-certificate-errors"]);
}

/// The page comes to be, with all that belongs to it.
fn assert_loads(scheme: &str, words: &[&str], flags: &[&str]) {
    let (site, profile) = (scratch(), scratch());
    write_site(site.path());
    let server = sockkit(["http", "--port", "0"]).args([site.path()]);
    let server = server.args(words).start();
    let url = format!("{scheme}://127.0.0.1:{}/", server.port());
    if peer("chromium").is_none() {
        return;
    }
    let browser = program(
        "chromium",
        [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--dump-dom",
        ],
    );
    let browser = browser
        .args(flags)
        .args([format!("--user-data-dir={}", profile.path().display()), url])
        .deadline(PATIENCE);
    let dom = browser.run().expect(0).text();
    for made in [
        "<title>the script ran</title>",
        r#"data-image="3x2""#,
        r#"data-color="rgb(1, 2, 3)""#,
        r#"data-text="Grüße""#,
    ] {
        assert!(dom.contains(made), "{made} is missing:\n{dom}");
    }
}
