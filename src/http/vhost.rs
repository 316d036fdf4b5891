//! Which folder of the root a host name has for its own: `DIR/HOSTNAME/`, and never any other.

use std::net::Ipv6Addr;

/// RFC 1035, section 2.3.4.
const LONGEST: usize = 253;

/// The name of a host's folder; `None` for what is no host name, and so has no folder. Case and a port make no
/// difference, nor does the dot of the root.
pub fn folder_of_host(host: &[u8]) -> Option<String> {
    let host = std::str::from_utf8(host).ok()?;
    if let Some(literal) = host.strip_prefix('[') {
        let (address, port) = literal.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        return is_port(port).then(|| format!("[{address}]"));
    }
    let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_name = name.len() <= LONGEST && name.split('.').all(is_label);
    (is_name && is_port(port)).then(|| name.to_ascii_lowercase())
}

/// Letters, digits, hyphens and underscores: no dot alone, no slash, and nothing that is hidden.
fn is_label(label: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty() && label.bytes().all(is_letter)
}

fn is_port(port: &str) -> bool {
    port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_host_name_has_no_folder() {
        for host in [
            "",
            ".",
            "..",
            "...",
            ":80",
            "../x",
            "/",
            "a/b",
            "a\\b",
            "/etc",
            "..:80",
            ".git",
            "a..b",
            ".a",
            "a..",
            "%2e%2e",
            "a%2fb",
            "a\0",
            "a b",
            "a\u{e4}",
            "[::1",
            "[]",
            "[..]",
            "[::1]x",
            "[::1]/",
            "::1",
            "a:80x",
            "a:-1",
            "a:80:90",
            "~root",
            "*",
            "[fe80::1%25eth0]",
        ] {
            assert_eq!(folder_of_host(host.as_bytes()), None, "{host}");
        }
        assert_eq!(folder_of_host(b"\xff"), None);
        assert_eq!(folder_of_host("a.".repeat(200).as_bytes()), None);
    }

    #[test]
    fn one_host_has_one_folder() {
        for (host, folder) in [
            ("example.com", "example.com"),
            ("EXAMPLE.Com", "example.com"),
            ("example.com:8082", "example.com"),
            ("example.com.", "example.com"),
            ("example.com.:80", "example.com"),
            ("localhost:", "localhost"),
            ("127.0.0.1:8082", "127.0.0.1"),
            ("[::1]:8082", "[::1]"),
            ("[0:0:0:0:0:0:0:1]", "[::1]"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("my_host", "my_host"),
        ] {
            assert_eq!(
                folder_of_host(host.as_bytes()).as_deref(),
                Some(folder),
                "{host}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_folder_is_one_name(host in "(\\.|/|[aA0]|:|%2e|\\[|\\]|\\\\|-){0,12}") {
            if let Some(folder) = folder_of_host(host.as_bytes()) {
                prop_assert!(!folder.is_empty() && !folder.starts_with('.'));
                prop_assert!(!folder.contains(['/', '\0', '\\']));
            }
        }
    }
}
