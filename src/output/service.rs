//! The events of listeners that do something with their connections.

use std::fmt;

use serde::Serialize;

use super::event::{Event, Face};

/// Somebody came who may not.
#[derive(Debug, Serialize)]
pub struct Denied {
    /// Who.
    pub peer: String,
}

/// A connection's command ended.
#[derive(Debug, Serialize)]
pub struct Ran {
    /// Which connection, counted from 1.
    pub conn: u64,
    /// Its status as a shell shows it: 128 + n after signal n.
    pub status: u8,
}

/// Somebody said a line to the others.
#[derive(Debug, Serialize)]
pub struct Spoken<'a> {
    /// Which connection, counted from 1.
    pub conn: u64,
    /// What it is called.
    pub name: &'a str,
    /// What it said, with control characters escaped.
    pub message: &'a str,
}

/// Something that all who speak with each other are told.
#[derive(Debug, Serialize)]
pub struct Noted<'a> {
    /// What.
    pub message: &'a str,
}

impl Event for Denied {
    const NAME: &'static str = "denied";
    const FACE: Face = Face::Detail;
}

impl Event for Ran {
    const NAME: &'static str = "ran";
    const FACE: Face = Face::Detail;
}

impl Event for Spoken<'_> {
    const NAME: &'static str = "spoken";
    const FACE: Face = Face::Data;
}

impl Event for Noted<'_> {
    const NAME: &'static str = "noted";
    const FACE: Face = Face::Data;
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "denied {}", self.peer)
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conn, status } = self;
        write!(f, "{conn} command ended with status {status}")
    }
}

impl fmt::Display for Spoken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}> {}", self.name, self.message)
    }
}

impl fmt::Display for Noted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "* {}", self.message)
    }
}
