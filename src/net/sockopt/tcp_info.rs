//! `struct tcp_info` of `<linux/tcp.h>`, as of Linux 6.18. Its last word is left out: kernels disagree on its bits.

use super::record::{Cell, Field};

/// The states of RFC 9293, numbered as `<netinet/tcp.h>` does.
const STATES: &[&str] = &[
    "NONE",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "NEW_SYN_RECV",
];

/// `enum tcp_ca_state`.
const CONGESTION_STATES: &[&str] = &["Open", "Disorder", "CWR", "Recovery", "Loss"];

/// TCPI_OPT_TIMESTAMPS and so on.
const OPTIONS: &[&str] = &[
    "timestamps",
    "sack",
    "wscale",
    "ecn",
    "ecn_seen",
    "syn_data",
    "usec_ts",
    "tfo_child",
];

pub(super) const TCP_INFO: &[Field] = &[
    ("state", 0, Cell::Word(STATES), ""),
    ("ca_state", 1, Cell::Word(CONGESTION_STATES), ""),
    ("retransmits", 2, Cell::U8, ""),
    ("probes", 3, Cell::U8, ""),
    ("backoff", 4, Cell::U8, ""),
    ("options", 5, Cell::Words(OPTIONS), ""),
    ("snd_wscale", 6, Cell::Bits(0, 4), ""),
    ("rcv_wscale", 6, Cell::Bits(4, 4), ""),
    ("delivery_rate_app_limited", 7, Cell::Bits(0, 1), ""),
    ("fastopen_client_fail", 7, Cell::Bits(1, 2), ""),
    ("rto", 8, Cell::U32, "us"),
    ("ato", 12, Cell::U32, "us"),
    ("snd_mss", 16, Cell::U32, "bytes"),
    ("rcv_mss", 20, Cell::U32, "bytes"),
    ("unacked", 24, Cell::U32, "segments"),
    ("sacked", 28, Cell::U32, "segments"),
    ("lost", 32, Cell::U32, "segments"),
    ("retrans", 36, Cell::U32, "segments"),
    ("fackets", 40, Cell::U32, "segments"),
    ("last_data_sent", 44, Cell::U32, "ms"),
    ("last_ack_sent", 48, Cell::U32, "ms"),
    ("last_data_recv", 52, Cell::U32, "ms"),
    ("last_ack_recv", 56, Cell::U32, "ms"),
    ("pmtu", 60, Cell::U32, "bytes"),
    ("rcv_ssthresh", 64, Cell::U32, "bytes"),
    ("rtt", 68, Cell::U32, "us"),
    ("rttvar", 72, Cell::U32, "us"),
    ("snd_ssthresh", 76, Cell::U32, "segments"),
    ("snd_cwnd", 80, Cell::U32, "segments"),
    ("advmss", 84, Cell::U32, "bytes"),
    ("reordering", 88, Cell::U32, "segments"),
    ("rcv_rtt", 92, Cell::U32, "us"),
    ("rcv_space", 96, Cell::U32, "bytes"),
    ("total_retrans", 100, Cell::U32, "segments"),
    ("pacing_rate", 104, Cell::U64, "bytes/s"),
    ("max_pacing_rate", 112, Cell::U64, "bytes/s"),
    ("bytes_acked", 120, Cell::U64, "bytes"),
    ("bytes_received", 128, Cell::U64, "bytes"),
    ("segs_out", 136, Cell::U32, "segments"),
    ("segs_in", 140, Cell::U32, "segments"),
    ("notsent_bytes", 144, Cell::U32, "bytes"),
    ("min_rtt", 148, Cell::U32, "us"),
    ("data_segs_in", 152, Cell::U32, "segments"),
    ("data_segs_out", 156, Cell::U32, "segments"),
    ("delivery_rate", 160, Cell::U64, "bytes/s"),
    ("busy_time", 168, Cell::U64, "us"),
    ("rwnd_limited", 176, Cell::U64, "us"),
    ("sndbuf_limited", 184, Cell::U64, "us"),
    ("delivered", 192, Cell::U32, "segments"),
    ("delivered_ce", 196, Cell::U32, "segments"),
    ("bytes_sent", 200, Cell::U64, "bytes"),
    ("bytes_retrans", 208, Cell::U64, "bytes"),
    ("dsack_dups", 216, Cell::U32, ""),
    ("reord_seen", 220, Cell::U32, ""),
    ("rcv_ooopack", 224, Cell::U32, "segments"),
    ("snd_wnd", 228, Cell::U32, "bytes"),
    ("rcv_wnd", 232, Cell::U32, "bytes"),
    ("rehash", 236, Cell::U32, ""),
    ("total_rto", 240, Cell::U16, ""),
    ("total_rto_recoveries", 242, Cell::U16, ""),
    ("total_rto_time", 244, Cell::U32, "ms"),
    ("received_ce", 248, Cell::U32, "segments"),
    ("delivered_e1_bytes", 252, Cell::U32, "bytes"),
    ("delivered_e0_bytes", 256, Cell::U32, "bytes"),
    ("delivered_ce_bytes", 260, Cell::U32, "bytes"),
    ("received_e1_bytes", 264, Cell::U32, "bytes"),
    ("received_e0_bytes", 268, Cell::U32, "bytes"),
    ("received_ce_bytes", 272, Cell::U32, "bytes"),
];

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;
    use crate::net::sockopt::record::{Content, Record};

    #[test]
    fn any_length_is_read_as_far_as_it_reaches() {
        let bytes: Vec<u8> = (0..=255).cycle().take(400).collect();
        for length in 0..bytes.len() {
            let record = Record::decode(TCP_INFO, &bytes[..length]);
            assert_eq!(record.length, length);
            let whole = TCP_INFO.iter().filter(|(_, offset, cell, _)| {
                let width = match cell {
                    Cell::U16 => 2,
                    Cell::U32 | Cell::I32 => 4,
                    Cell::U64 => 8,
                    _ => 1,
                };
                offset + width <= length
            });
            assert_eq!(record.fields.len(), whole.count(), "{length} bytes");
        }
    }

    #[test]
    fn fields_stand_where_the_header_has_them() {
        let offset = |name: &str| TCP_INFO.iter().find(|field| field.0 == name).unwrap().1;
        assert_eq!(offset("rto"), offset_of!(libc::tcp_info, tcpi_rto));
        assert_eq!(offset("rtt"), offset_of!(libc::tcp_info, tcpi_rtt));
        assert_eq!(
            offset("total_retrans"),
            offset_of!(libc::tcp_info, tcpi_total_retrans)
        );
        assert_eq!(offset("pacing_rate"), 104);
        assert_eq!(offset("received_ce_bytes"), 272);
    }

    #[test]
    fn bits_and_words() {
        let record = Record::decode(TCP_INFO, &[1, 99, 0, 0, 0, 0b101, 0x7a, 0b101]);
        let said: Vec<String> = record
            .fields
            .iter()
            .map(|field| format!("{} {}", field.name, field.content))
            .collect();
        assert_eq!(said[0], "state ESTABLISHED");
        assert_eq!(record.fields[1].content, Content::Number(99));
        assert_eq!(
            said[5..],
            [
                "options timestamps wscale",
                "snd_wscale 10",
                "rcv_wscale 7",
                "delivery_rate_app_limited 1",
                "fastopen_client_fail 2"
            ]
        );
    }
}
