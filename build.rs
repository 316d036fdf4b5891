//! Hashes what the server's pages carry inline, for their Content-Security-Policy: the program need not do it at each
//! start.
//!
//! Spares the loader work, which is much of the time that a small command takes. The unwinder is linked into the program
//! where the C compiler has it as an archive: one library less to find, map and relocate at each start. Relative
//! relocations are packed, sixty to a word, functions that are alike are one, and the tables for unwinding, which a panic that
//! aborts has no use for, are left out, where linker and loader know how.

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
        let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
        let script = folder.join("no_tables.ld");
        std::fs::write(&script, NO_TABLES)?;
        let without_tables = [
            format!("-Wl,-T,{}", script.display()),
            "-Wl,--no-eh-frame-hdr".to_owned(),
        ];
        let packed = ["-Wl,-z,pack-relative-relocs".to_owned()];
        let folded = ["-Wl,--icf=all".to_owned()];
        for flags in [packed.as_slice(), &folded, &without_tables] {
            if is_release && links_and_runs(flags, &folder)? {
                for flag in flags {
                    println!("cargo:rustc-link-arg-bins={flag}");
                }
            }
        }
    }
    Ok(())
}

/// What is left out where a panic aborts: a twelfth of the program.
const NO_TABLES: &str = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table*) } } INSERT AFTER .text;\n";

/// Whether a program that is linked so runs: an old linker refuses a flag, an old loader what a new linker made of it.
fn links_and_runs(flags: &[String], folder: &Path) -> std::io::Result<bool> {
    let (source, program) = (folder.join("trial.rs"), folder.join("trial"));
    std::fs::write(&source, "fn main() {}\n")?;
    let given = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut link = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    link.args(given.split('\x1f').filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        link.arg(format!("-Clinker={linker}"));
    }
    link.arg("-Cpanic=abort");
    link.args(flags.iter().map(|flag| format!("-Clink-arg={flag}")));
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
