//! How payload is shown and typed.

use clap::Args;

/// Views of the payload.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct ViewArgs {
    /// Show what arrives as offset, hex and ASCII
    #[arg(long)]
    pub hex: bool,
    /// Take what is to be sent as hex digits; white space is ignored
    #[arg(long)]
    pub from_hex: bool,
}
