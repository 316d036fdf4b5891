//! What a command is told of its connection, and how it is started.

use super::super::command::{CannotRun, Child, ChildStreams, Program};
use crate::net::Address;

/// Starts a command for each connection.
#[derive(Debug)]
pub struct Runner {
    /// The command.
    pub program: Program,
    /// Whether it is given a terminal.
    pub terminal: bool,
    /// Whether the ends of the lines that it says become CR LF.
    pub crlf: bool,
    /// The word for the protocol.
    pub proto: String,
    /// The soft limit of descriptors that it gets; `None` for ours.
    pub descriptors: Option<u64>,
}

impl Runner {
    /// Start one for the connection `conn`.
    pub(in crate::engine) fn start(
        &self,
        conn: u64,
        peer: &Address,
        local: &Address,
    ) -> Result<Child, CannotRun> {
        let streams = match self.terminal {
            true => ChildStreams::Terminal,
            false => ChildStreams::Pipes,
        };
        self.start_on(streams, conn, peer, local)
    }

    /// The same with streams of another kind.
    pub(in crate::engine) fn start_on(
        &self,
        streams: ChildStreams,
        conn: u64,
        peer: &Address,
        local: &Address,
    ) -> Result<Child, CannotRun> {
        let variables = self.variables(conn, peer, local);
        Child::start(&self.program, self.descriptors, &variables, streams)
            .map_err(|cause| self.program.refused(cause))
    }

    /// A local socket has no port, and most of those that connect no name either.
    fn variables(&self, conn: u64, peer: &Address, local: &Address) -> Vec<(String, Vec<u8>)> {
        let mut variables = vec![
            ("SOCKKIT_PROTO".to_owned(), self.proto.clone().into_bytes()),
            ("SOCKKIT_CONN_ID".to_owned(), conn.to_string().into_bytes()),
        ];
        for (side, address) in [("PEER", peer), ("LOCAL", local)] {
            let address = address.clone().unmapped();
            if address.is_unnamed() {
                continue;
            }
            let host = address.host().into_bytes();
            variables.push((format!("SOCKKIT_{side}_ADDR"), host));
            if let Some(inet) = address.inet() {
                let port = inet.port().to_string().into_bytes();
                variables.push((format!("SOCKKIT_{side}_PORT"), port));
            }
        }
        variables
    }
}
