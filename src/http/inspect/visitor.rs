//! Who may look at the page. Requests hold secrets: a web site whose name has been pointed at this machine (DNS
//! rebinding) must not read them, nor must the world at the other end of a tunnel that leads here.

/// Whether a request with this Host was meant for this machine itself: by address, as localhost, or by the name that
/// it was told to listen on.
pub fn may_look(host: &[u8], own_name: Option<&str>) -> bool {
    let Ok(host) = std::str::from_utf8(host) else {
        return false;
    };
    let name = without_port(host);
    name.starts_with('[')
        || name.parse::<std::net::Ipv4Addr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || own_name.is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// `[::1]:80` and `h:80` without their port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors() {
        for (host, may) in [
            ("evil.example", false),
            ("evil.example:8082", false),
            ("127.0.0.1.evil.example", false),
            ("127.0.0.1@evil.example", false),
            ("localhost.evil.example", false),
            ("1.2.3", false),
            ("", false),
            (":80", false),
            ("127.0.0.1", true),
            ("127.0.0.1:8082", true),
            ("192.0.2.7:1", true),
            ("[::1]:8082", true),
            ("[::1]", true),
            ("localhost", true),
            ("LocalHost:8082", true),
            ("desk:8082", true),
            ("Desk", true),
        ] {
            assert_eq!(may_look(host.as_bytes(), Some("desk")), may, "{host}");
        }
        assert!(!may_look(b"desk", None));
        assert!(!may_look(b"\xff", None));
    }
}
