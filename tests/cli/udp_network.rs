//! `udp` among hosts of its own: multicast of both families, broadcast, many addresses, and links that are narrow.

use crate::kit::among_hosts;

/// What scripts begin with: wait for a listener's ready line, then send.
const READY: &str = r#"
hear() { # HOST NAME WORDS...
    where=$1 name=$2; shift 2
    at $where "$SOCKKIT" udp listen "$@" --port-file /run/$name.port > /run/$name 2> /run/$name.err &
    eval "$name=$!"
    for try in $(seq 200); do
        [ -s /run/$name.port ] && return
        kill -0 $! 2>/dev/null || break
        sleep 0.05
    done
    cat /run/$name.err; exit 1
}
"#;

fn script(body: &str) -> Option<String> {
    let finished = among_hosts(&format!("{READY}\n{body}"))?;
    Some(finished.expect(0).text())
}

#[test]
fn groups_are_heard_by_those_who_joined() {
    let Some(heard) = script(
        r#"
        hear r one '*:5000' --join 239.1.1.1%e0 --count 1 --format json
        hear r two 239.1.1.1:5000 --join 239.1.1.1%e0 --count 1
        hear r other '*:5001' --join 239.1.1.2%e0 -t 1s
        at s "$SOCKKIT" udp send 239.1.1.1:5000 --multicast-interface e1 -- v4 || exit 1
        at s "$SOCKKIT" udp send 239.1.1.1:5001 --multicast-interface e1 -- none || exit 1
        wait $one || exit 1
        wait $two || exit 1
        wait $other; echo other $?
        cat /run/one /run/two
        "#,
    ) else {
        return;
    };
    assert!(heard.contains("other 124\n"), "{heard}");
    assert!(heard.contains(r#""local":"239.1.1.1:5000""#), "{heard}");
    assert!(heard.contains(r#""ttl":1"#), "{heard}");
    assert!(heard.ends_with("v4"), "{heard}");
}

#[test]
fn groups_of_ipv6_too_and_they_are_answered_from_an_address() {
    let Some(heard) = script(
        r#"
        hear r six '[::]:5000' --join ff02::1:5%e0 --echo --format line --count 1
        at s "$SOCKKIT" udp listen '[::]:6000' --count 1 > /run/back 2>/dev/null &
        back=$!
        at s "$SOCKKIT" udp send '[ff02::1:5%e1]:5000' --bind '[fd99:1::1]:6001' --ttl 3 -- v6 || exit 1
        wait $six || exit 1
        kill $back
        cat /run/six
        "#,
    ) else {
        return;
    };
    let words = [
        "[fd99:1::1]:6001 > [ff02::1:5]:5000, 2 bytes, ttl 3",
        ": v6",
    ];
    for word in words {
        assert!(heard.contains(word), "{heard}");
    }
}

#[test]
fn a_source_is_chosen_among_many() {
    let Some(heard) = script(
        r#"
        ip -n s addr add 10.99.1.9/24 dev e1
        hear r chosen '*:5000' --join 10.99.1.1@232.1.1.1%e0 --count 1
        at s "$SOCKKIT" udp send 232.1.1.1:5000 --bind 10.99.1.9 --multicast-interface e1 -- stranger || exit 1
        at s "$SOCKKIT" udp send 232.1.1.1:5000 --bind 10.99.1.1 --multicast-interface e1 -- chosen || exit 1
        wait $chosen || exit 1
        cat /run/chosen
        "#,
    ) else {
        return;
    };
    assert_eq!(heard, "chosen");
}

#[test]
fn what_is_sent_to_a_group_may_stay_away_from_this_host() {
    let Some(heard) = script(
        r#"
        hear s own '*:5000' --join 239.1.1.1%e1 --count 1
        at s "$SOCKKIT" udp send 239.1.1.1:5000 --multicast-interface e1 --loop off -- away || exit 1
        at s "$SOCKKIT" udp send 239.1.1.1:5000 --multicast-interface e1 --loop on -- here || exit 1
        wait $own || exit 1
        cat /run/own
        "#,
    ) else {
        return;
    };
    assert_eq!(heard, "here");
}

#[test]
fn an_interface_that_was_named_is_the_one_of_a_group() {
    // `r` has two, and the routes would choose the first.
    let Some(heard) = script(
        r#"
        hear r wide '[ff05::9%e1]:5002' --count 1
        hear d far '[ff05::9%e0]:5003' --count 1
        hear r v4 239.1.1.7:5004 --interface e1 --count 1
        hear r joined '*:5005' --join 239.1.1.8 --interface e1 --count 1
        at d "$SOCKKIT" udp send '[ff05::9%e0]:5002' -- wide || exit 1
        at r "$SOCKKIT" udp send '[ff05::9%e1]:5003' -- far || exit 1
        at d "$SOCKKIT" udp send 239.1.1.7:5004 --interface e0 -- v4 || exit 1
        at d "$SOCKKIT" udp send 239.1.1.8:5005 --interface e0 -- joined || exit 1
        for one in $wide $far $v4 $joined; do wait $one || exit 1; done
        cat /run/wide /run/far /run/v4 /run/joined
        "#,
    ) else {
        return;
    };
    assert_eq!(heard, "widefarv4joined");
}

#[test]
fn everybody_who_answers_a_group_is_heard() {
    let Some(heard) = script(
        r#"
        hear r four '*:5006' --join 239.1.1.9%e0 --reply 4
        hear r six '[ff02::1:9%e0]:5007' --reply 6
        hear r all '*:5008' --reply b
        ask() { echo who | at s "$SOCKKIT" udp connect "$@" --count 1 --format line || echo nobody; }
        ask 239.1.1.9:5006 --interface e1
        ask '[ff02::1:9%e1]:5007'
        ask 10.99.1.255:5008 --broadcast
        kill $four $six $all
        "#,
    ) else {
        return;
    };
    let answers: Vec<&str> = heard.lines().collect();
    let expected = [" 10.99.1.2:5006 > ", ":5007 > ", " 10.99.1.2:5008 > "];
    assert_eq!(answers.len(), expected.len(), "{heard}");
    for ((answer, from), data) in answers.iter().zip(expected).zip(["4", "6", "b"]) {
        assert!(answer.contains(from) && answer.ends_with(data), "{heard}");
    }
}

#[test]
fn broadcasts_are_allowed_and_answered_from_an_address() {
    let Some(heard) = script(
        r#"
        hear r all '*:5000' --reply answer --format line --count 1
        at s "$SOCKKIT" udp send 10.99.1.255:5000 -- refused; echo refused $?
        at s python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.settimeout(10)
s.sendto(b"anybody?", ("10.99.1.255", 5000))
print(*s.recvfrom(100))' || exit 1
        wait $all || exit 1
        cat /run/all
        hear r more '*:5001' --count 1
        at s "$SOCKKIT" udp send 10.99.1.255:5001 --broadcast -- allowed || exit 1
        wait $more || exit 1
        cat /run/more
        "#,
    ) else {
        return;
    };
    assert!(
        heard.starts_with("refused 2\n") || heard.starts_with("refused 1\n"),
        "{heard}"
    );
    assert!(heard.contains("b'answer' ('10.99.1.2', 5000)"), "{heard}");
    assert!(heard.contains(" > 10.99.1.255:5000, 8 bytes"), "{heard}");
    assert!(heard.ends_with("allowed"), "{heard}");
}

#[test]
fn one_with_many_addresses_answers_from_the_one_spoken_to() {
    let Some(heard) = script(
        r#"
        hear r many '*:5000' --echo
        for to in 10.99.1.2:5000 10.99.2.1:5000 '[fd99:1::2]:5000' '[fd99:2::1]:5000'; do
            echo "to $to" | at s "$SOCKKIT" udp connect "$to" --count 1 -t 10s || exit 1
        done
        kill $many
        "#,
    ) else {
        return;
    };
    let all = [
        "to 10.99.1.2:5000\n",
        "to 10.99.2.1:5000\n",
        "to [fd99:1::2]:5000\n",
        "to [fd99:2::1]:5000\n",
    ];
    assert_eq!(heard, all.concat());
}

#[test]
fn boundaries_survive_a_link_and_every_size() {
    let Some(heard) = script(
        r#"
        hear r sizes '*:5000' --format line
        for size in 0 1 1400 1472 1473 9000 65507; do
            head -c $size /dev/zero | tr '\0' x | at s "$SOCKKIT" udp send 10.99.1.2:5000 --whole || exit 1
        done
        head -c 100000 /dev/zero | tr '\0' x > /run/file
        # Some fit into a packet, and go as trains; some do not, and cannot be cut by the kernel.
        at s "$SOCKKIT" udp send 10.99.1.2:5000 --size 1400 < /run/file || exit 1
        at s "$SOCKKIT" udp send 10.99.1.2:5000 --size 5000 < /run/file || exit 1
        at s "$SOCKKIT" udp send 10.99.1.2:5000 -- end || exit 1
        for try in $(seq 200); do grep -q ': end$' /run/sizes && break; sleep 0.05; done
        kill $sizes
        sed 's/.*:5000, \([0-9]*\) bytes.*/\1/' /run/sizes | uniq -c | sed 's/^ *//'
        "#,
    ) else {
        return;
    };
    let sizes = "1 0\n1 1\n1 1400\n1 1472\n1 1473\n1 9000\n1 65507\n71 1400\n1 600\n20 5000\n1 3\n";
    assert_eq!(heard, sizes);
}

#[test]
fn a_routers_word_is_told_as_its_own() {
    let Some(heard) = script(
        r#"
        ip -n r route add unreachable 192.0.2.0/24
        ip -n s route add 192.0.2.0/24 via 10.99.1.2
        echo x | at s "$SOCKKIT" udp connect 192.0.2.1:5000 --linger 5s 2>&1 || echo connect $?
        "#,
    ) else {
        return;
    };
    assert!(heard.contains("connect 1\n"), "{heard}");
    assert!(
        heard.contains("192.0.2.1:5000, as 10.99.1.2 tells: no route to host (EHOSTUNREACH)"),
        "{heard}"
    );
}

#[test]
fn a_packet_may_come_from_an_address_of_nobody() {
    let Some(heard) = script(
        r#"
        ip netns exec r "$SOCKKIT" raw listen --link --interface e0 --filter icmp --count 1 > /run/raw 2> /run/raw.err &
        raw=$!
        while ! grep -q listening /run/raw.err; do sleep 0.05; done
        at s "$SOCKKIT" raw send 10.99.1.2 --bind 10.99.1.77 -o IP_TRANSPARENT=1 --icmp echo || exit 1
        wait $raw || exit 1
        cat /run/raw
        "#,
    ) else {
        return;
    };
    assert!(
        heard.contains("IP 10.99.1.77 > 10.99.1.2: ICMP echo request"),
        "{heard}"
    );
}
