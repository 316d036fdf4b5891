//! Hashes what the server's pages carry inline, for their Content-Security-Policy: the program need not do it at each
//! start.
//!
//! Spares the loader work, which is much of the time that a small command takes. The unwinder is linked into the program
//! where the C compiler has it as an archive: one library less to find, map and relocate at each start. Relative
//! relocations are packed, sixty to a word, where linker and loader know how (glibc 2.36).

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
    let native = env::var_os("HOST") == env::var_os("TARGET");
    if native && is("CARGO_CFG_TARGET_ENV", "gnu") {
        if has_archive() {
            println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
        }
        if packed_program_runs()? {
            println!("cargo:rustc-link-arg-bins={PACKED}");
        }
    }
    Ok(())
}

/// Have the linker pack relative relocations, ld(1).
const PACKED: &str = "-Wl,-z,pack-relative-relocs";

/// An old linker leaves the flag out with a warning, an old loader refuses what a new linker made of it.
fn packed_program_runs() -> std::io::Result<bool> {
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let (source, program) = (folder.join("packed.c"), folder.join("packed"));
    std::fs::write(&source, "int main(void) { return 0; }\n")?;
    let succeeds = |mut command: Command| command.output().is_ok_and(|end| end.status.success());
    let mut link = compiler();
    link.arg(PACKED).arg(&source).arg("-o").arg(&program);
    Ok(succeeds(link) && succeeds(Command::new(program)))
}

fn compiler() -> Command {
    Command::new(env::var("CC").unwrap_or_else(|_| "cc".to_owned()))
}

/// A compiler that has it answers with its path, one that has not with the bare name.
fn has_archive() -> bool {
    let asked = compiler().arg("-print-file-name=libgcc_eh.a").output();
    asked
        .is_ok_and(|answer| Path::new(String::from_utf8_lossy(&answer.stdout).trim()).is_absolute())
}
