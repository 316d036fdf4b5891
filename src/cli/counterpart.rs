//! What the flags of programs that people know are called here, command by command: the same letter means something else
//! to nc(1) than to ping(8).

/// How a refused flag of another program is said in `command`, which is like `sockkit tcp connect`.
pub(super) fn of_flag(command: &str, flag: &str) -> Option<&'static str> {
    match name(command) {
        "ping" => ping(flag),
        "trace" => trace(flag),
        "raw" => tcpdump(flag),
        "http" => server(flag),
        // A line without a command is hardly about any other.
        "" | "tcp" | "udp" | "unix" => nc(flag, !command.ends_with(" connect")),
        _ => None,
    }
}

/// The same for a flag that is known, and whose value is not what it takes here; `flag` is like `--size <BYTES>`.
pub(super) fn of_value(command: &str, flag: &str) -> Option<&'static str> {
    match (name(command), flag) {
        ("ping" | "trace", "--tcp <PORT>") => Some("the port is always said: --tcp 80"),
        ("trace", "--timeout <D>") => {
            Some("mtr's -w is --report; traceroute's -w and ours take a time: -w 2")
        }
        ("trace", "--interval <D>") => Some("traceroute's -i is --interface IF"),
        ("trace", "--size <BYTES>") => Some("traceroute's -s is --bind ADDR"),
        _ => None,
    }
}

fn name(command: &str) -> &str {
    command.split(' ').nth(1).unwrap_or_default()
}

/// Whether a word is traceroute's -q, with its value or without: it is none of ours that has one.
pub(super) fn is_count(word: &str) -> bool {
    let rest = word.strip_prefix("-q");
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Of `python3 -m http.server`, or as [`nc`].
fn server(flag: &str) -> Option<&'static str> {
    match flag {
        "-d" | "--directory" => Some("python's --directory is DIR: `sockkit http DIR`"),
        "-b" | "--bind" => Some("a listener's own address is ADDR, or --host"),
        flag => nc(flag, true),
    }
}

/// Of nc and ncat, for one who listens, or who connects.
fn nc(flag: &str, listens: bool) -> Option<&'static str> {
    Some(match flag {
        "-l" => "nc's -l is a command here: `sockkit tcp listen`",
        "-u" => "nc's -u is a command here: `sockkit udp`",
        "-U" => "nc's -U is a command here: `sockkit unix`",
        "-w" => "nc's -w is --timeout for connecting and --idle-timeout for silence",
        "-p" => "nc's -p is --port for a listener, --bind :PORT for a client",
        "-s" => "nc's -s is --bind",
        "-b" | "--bind" if listens => "a listener's own address is ADDR, or --host",
        "-d" => "nc's -d is --no-stdin",
        "-e" | "-c" if !listens => "a listener runs commands: --exec -- COMMAND, --sh LINE",
        "-e" => "ncat's -e is --exec -- COMMAND",
        "-c" => "ncat's -c is --sh LINE",
        "-m" if listens => "ncat's -m is --max-conns",
        "-C" => "nc's -C is --crlf",
        "-z" => "nc's -z is --probe: `sockkit tcp connect --probe HOST:PORTS`",
        "-x" | "-X" => "nc's -x and -X are --proxy URL: http://, socks4://, socks5h://",
        "--ssl" => "ncat's --ssl is --tls",
        "-N" => "nc's -N is what happens anyway: the end of stdin half-closes",
        "-n" => "nc's -n is what happens anyway: an address is never looked up",
        _ => return None,
    })
}

/// Of ping and fping.
fn ping(flag: &str) -> Option<&'static str> {
    Some(match flag {
        "-I" => "ping's -I is --interface IF, or --bind ADDR",
        "-S" => "fping's -S is --bind ADDR; ping's is -o SO_SNDBUF=BYTES",
        "-M" => "-M is --df: no router fragments it",
        "-D" => "ping's -D is --json: each event has its time",
        "-f" | "--flood" => "ping's -f is -q -i 0; fping's is `-` < FILE",
        "-A" => "ping's -A is -i 0",
        "-Q" => "ping's -Q is -o IP_TOS=N, over IPv6 -o IPV6_TCLASS=N",
        "-O" => "ping's -O is what happens anyway: a reply that is missing is told",
        "-m" => "ping's -m is -o SO_MARK=N",
        "-b" => "fping's -b is --size; ping's is -o SO_BROADCAST=1",
        "-g" => "fping's -g is what happens anyway: `sockkit ping 192.0.2.0/24`",
        "-C" => "fping's -C is --count",
        "-p" => "fping's -p is --interval",
        "-l" => "fping's -l is what happens without --count",
        "-H" => "fping's -H is --ttl",
        "-J" => "fping's -J is --json",
        "-a" | "-u" => "fping's -a and -u are -q: a line for each host, and how often it answered",
        "-e" => "fping's -e is what happens anyway; nobody chooses the identifier",
        "-B" => "ping's -B is --bind ADDR",
        "-r" => "fping's -r is --count; ping's is -o SO_DONTROUTE=1",
        "-R" | "-T" => "IP options are not sent: sockkit trace shows the way",
        "-d" | "-U" => "ping's -d and -U are what --explain and --json show",
        "-V" => "ping's -V is `sockkit -V`",
        _ => return None,
    })
}

/// Of traceroute and mtr.
fn trace(flag: &str) -> Option<&'static str> {
    Some(match flag {
        "-T" => "-T is --tcp 80, or another port",
        "-U" => "traceroute's -U is -p 53: datagrams to that port",
        "-u" => "mtr's -u is what happens anyway: datagrams are sent",
        "-F" => "traceroute's -F is --df",
        "-P" => "mtr's -P is --port, or --tcp PORT",
        "-a" | "--address" => "mtr's -a is --bind ADDR",
        "--source" => "traceroute's --source is --bind ADDR",
        "-Q" => "mtr's -Q is --tos",
        "-e" => "-e is what happens anyway: MPLS labels are shown",
        "-j" => "mtr's -j is --report --json",
        "-M" => "mtr's -M is -o SO_MARK=N",
        "-Z" => "mtr's -Z is --timeout",
        "-z" => "mtr's -z asks others for AS numbers; traceroute's -z is --window 1",
        "-A" => "traceroute's -A asks others for AS numbers: nobody is asked here",
        "-b" => "mtr's -b is what happens without --numeric",
        "-l" | "-x" | "-C" => "mtr's -l, -x and -C are --json",
        "-G" => "mtr's -G is --timeout",
        "-D" | "-L" => "the probes are --udp, --icmp or --tcp PORT",
        "--queries" => "traceroute's --queries is --probes",
        "--no-dns" => "mtr's --no-dns is --numeric",
        "--report-cycles" => "mtr's --report-cycles is --count",
        _ => return None,
    })
}

/// Of tcpdump.
fn tcpdump(flag: &str) -> Option<&'static str> {
    Some(match flag {
        "-i" => "tcpdump's -i is --interface IF",
        "-w" => "tcpdump's -w is --pcap FILE",
        "-n" => "tcpdump's -n is what happens anyway: an address is never looked up",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn hints_are_for_what_is_refused_and_name_what_is_there() {
        let mut whole = Cli::command();
        whole.build();
        for path in [["ping"].as_slice(), &["trace"], &["raw", "listen"]] {
            let found = path.iter().try_fold(&whole, |command, name| {
                command
                    .get_subcommands()
                    .find(|sub| sub.get_name() == *name)
            });
            let command = found.unwrap();
            let line = format!("sockkit {}", path.join(" "));
            let has_long = |word: &str| {
                command
                    .get_arguments()
                    .any(|arg| arg.get_long() == Some(word))
            };
            let letters = ('a'..='z').chain('A'..='Z');
            let hinted = letters.filter_map(|letter| {
                let hint = of_flag(&line, &format!("-{letter}"))?;
                Some((letter, hint))
            });
            let mut count = 0;
            for (letter, hint) in hinted {
                count += 1;
                let shorts = |arg: &clap::Arg| arg.get_short_and_visible_aliases();
                let mut known = command.get_arguments().filter_map(shorts).flatten();
                assert!(!known.any(|short| short == letter), "{line} -{letter}");
                let words = hint.split([' ', ',', ';', ':']);
                for word in words.filter_map(|word| word.strip_prefix("--")) {
                    assert!(has_long(word), "{line} -{letter}: --{word}");
                }
            }
            assert!(count > 0, "{line}");
        }
    }

    #[test]
    fn a_letter_is_that_of_the_command_in_hand() {
        for (command, start) in [
            ("sockkit", "nc's"),
            ("sockkit tcp listen", "nc's"),
            ("sockkit raw listen", "tcpdump's"),
        ] {
            let hint = of_flag(command, "-n").unwrap();
            assert!(hint.starts_with(start), "{command}: {hint}");
        }
        assert_eq!(of_flag("sockkit resolve", "-n"), None);
    }
}
