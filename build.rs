//! Hashes what the server's pages carry inline, for their Content-Security-Policy: the program need not do it at each
//! start.
//!
//! Spares the loader work, which is much of the time that a small command takes. The unwinder is linked into the program
//! where the C compiler has it as an archive: one library less to find, map and relocate at each start. Relative
//! relocations are packed, sixty to a word, and functions that are alike are one, where linker and loader know how.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

/// What stands inline in a page, and the name under which the program finds its hash.
const INLINE: &[(&str, &str)] = &[
    ("src/http/listing/style.css", "LISTING_STYLE_SHA256"),
    ("src/http/listing/script.js", "LISTING_SCRIPT_SHA256"),
    ("src/http/error_page.css", "ERROR_PAGE_STYLE_SHA256"),
];

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CC");
    for (file, name) in INLINE {
        println!("cargo:rerun-if-changed={file}");
        let bytes = std::fs::read(file)?;
        println!(
            "cargo:rustc-env={name}={}",
            Base64::encode_string(&Sha256::digest(bytes))
        );
    }
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let native = env::var_os("HOST") == env::var_os("TARGET");
    if native && is("CARGO_CFG_TARGET_ENV", "gnu") {
        if has_archive() {
            println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
        }
        for flag in SPARING {
            if is_release && links_and_runs(flag)? {
                println!("cargo:rustc-link-arg-bins={flag}");
            }
        }
    }
    Ok(())
}

/// What not every linker and loader knows: relative relocations packed, and one copy of functions that are alike, a
/// thirtieth of the program.
const SPARING: &[&str] = &["-Wl,-z,pack-relative-relocs", "-Wl,--icf=all"];

/// Whether a program that is linked so runs: an old linker refuses a flag, an old loader what a new linker made of it.
fn links_and_runs(flag: &str) -> std::io::Result<bool> {
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let (source, program) = (folder.join("trial.rs"), folder.join("trial"));
    std::fs::write(&source, "fn main() {}\n")?;
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut link = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    link.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        link.arg(format!("-Clinker={linker}"));
    }
    link.arg(format!("-Clink-arg={flag}"));
    link.arg(&source).arg("-o").arg(&program);
    let succeeds = |mut command: Command| command.output().is_ok_and(|end| end.status.success());
    Ok(succeeds(link) && succeeds(Command::new(program)))
}

/// A compiler that has it answers with its path, one that has not with the bare name.
fn has_archive() -> bool {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let asked = Command::new(compiler)
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    asked
        .is_ok_and(|answer| Path::new(String::from_utf8_lossy(&answer.stdout).trim()).is_absolute())
}
