function __fish_sockkit_names
    string join \n SO_DEBUG SO_REUSEADDR SO_TYPE SO_ERROR SO_DONTROUTE SO_BROADCAST SO_SNDBUF SO_RCVBUF SO_KEEPALIVE SO_OOBINLINE SO_NO_CHECK SO_PRIORITY SO_LINGER SO_REUSEPORT SO_PASSCRED SO_PEERCRED SO_RCVLOWAT SO_SNDLOWAT SO_RCVTIMEO SO_SNDTIMEO SO_BINDTODEVICE SO_TIMESTAMP SO_ACCEPTCONN SO_PEERSEC SO_PASSSEC SO_TIMESTAMPNS SO_MARK SO_TIMESTAMPING SO_PROTOCOL SO_DOMAIN SO_RXQ_OVFL SO_WIFI_STATUS SO_PEEK_OFF SO_NOFCS SO_LOCK_FILTER SO_SELECT_ERR_QUEUE SO_BUSY_POLL SO_MAX_PACING_RATE SO_BPF_EXTENSIONS SO_INCOMING_CPU SO_MEMINFO SO_INCOMING_NAPI_ID SO_COOKIE SO_ZEROCOPY SO_TXTIME SO_BINDTOIFINDEX SO_PREFER_BUSY_POLL SO_NETNS_COOKIE SO_BUF_LOCK SO_RESERVE_MEM SO_TXREHASH SO_RCVMARK SO_PASSPIDFD SO_RCVPRIORITY SO_PASSRIGHTS IP_TOS IP_TTL IP_HDRINCL IP_OPTIONS IP_RECVOPTS IP_RETOPTS IP_PKTINFO IP_MTU_DISCOVER IP_RECVERR IP_RECVTTL IP_RECVTOS IP_MTU IP_FREEBIND IP_PASSSEC IP_TRANSPARENT IP_RECVORIGDSTADDR IP_MINTTL IP_NODEFRAG IP_CHECKSUM IP_BIND_ADDRESS_NO_PORT IP_RECVFRAGSIZE IP_RECVERR_RFC4884 IP_MULTICAST_IF IP_MULTICAST_TTL IP_MULTICAST_LOOP IP_MULTICAST_ALL IP_UNICAST_IF IP_LOCAL_PORT_RANGE IP_PROTOCOL IPV6_CHECKSUM IPV6_UNICAST_HOPS IPV6_MULTICAST_IF IPV6_MULTICAST_HOPS IPV6_MULTICAST_LOOP IPV6_MTU_DISCOVER IPV6_MTU IPV6_RECVERR IPV6_V6ONLY IPV6_MULTICAST_ALL IPV6_ROUTER_ALERT_ISOLATE IPV6_RECVERR_RFC4884 IPV6_FLOWINFO_SEND IPV6_HDRINCL IPV6_RECVPKTINFO IPV6_RECVHOPLIMIT IPV6_RECVHOPOPTS IPV6_RECVRTHDR IPV6_RECVDSTOPTS IPV6_RECVPATHMTU IPV6_DONTFRAG IPV6_RECVTCLASS IPV6_TCLASS IPV6_AUTOFLOWLABEL IPV6_ADDR_PREFERENCES IPV6_MINHOPCOUNT IPV6_RECVORIGDSTADDR IPV6_TRANSPARENT IPV6_UNICAST_IF IPV6_RECVFRAGSIZE IPV6_FREEBIND TCP_NODELAY TCP_MAXSEG TCP_CORK TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT TCP_SYNCNT TCP_LINGER2 TCP_DEFER_ACCEPT TCP_WINDOW_CLAMP TCP_INFO TCP_QUICKACK TCP_CONGESTION TCP_THIN_LINEAR_TIMEOUTS TCP_THIN_DUPACK TCP_USER_TIMEOUT TCP_REPAIR TCP_FASTOPEN TCP_TIMESTAMP TCP_NOTSENT_LOWAT TCP_CC_INFO TCP_SAVE_SYN TCP_SAVED_SYN TCP_FASTOPEN_CONNECT TCP_ULP TCP_FASTOPEN_KEY TCP_FASTOPEN_NO_COOKIE TCP_INQ TCP_TX_DELAY TCP_IS_MPTCP TCP_RTO_MAX_MS TCP_RTO_MIN_US TCP_DELACK_MAX_US UDP_CORK UDP_ENCAP UDP_NO_CHECK6_TX UDP_NO_CHECK6_RX UDP_SEGMENT UDP_GRO UDPLITE_SEND_CSCOV UDPLITE_RECV_CSCOV PACKET_STATISTICS PACKET_AUXDATA PACKET_ORIGDEV PACKET_VERSION PACKET_RESERVE PACKET_LOSS PACKET_VNET_HDR PACKET_TIMESTAMP PACKET_FANOUT PACKET_TX_HAS_OFF PACKET_QDISC_BYPASS PACKET_IGNORE_OUTGOING MPTCP_INFO
end

function __fish_sockkit_settings
    string join \n SO_DEBUG= SO_REUSEADDR= SO_DONTROUTE= SO_BROADCAST= SO_SNDBUF= SO_RCVBUF= SO_KEEPALIVE= SO_OOBINLINE= SO_NO_CHECK= SO_PRIORITY= SO_LINGER= SO_REUSEPORT= SO_PASSCRED= SO_RCVLOWAT= SO_RCVTIMEO= SO_SNDTIMEO= SO_BINDTODEVICE= SO_TIMESTAMP= SO_SNDBUFFORCE= SO_RCVBUFFORCE= SO_PASSSEC= SO_TIMESTAMPNS= SO_MARK= SO_TIMESTAMPING= SO_RXQ_OVFL= SO_WIFI_STATUS= SO_PEEK_OFF= SO_NOFCS= SO_LOCK_FILTER= SO_SELECT_ERR_QUEUE= SO_BUSY_POLL= SO_MAX_PACING_RATE= SO_INCOMING_CPU= SO_ZEROCOPY= SO_BINDTOIFINDEX= SO_PREFER_BUSY_POLL= SO_BUSY_POLL_BUDGET= SO_BUF_LOCK= SO_RESERVE_MEM= SO_TXREHASH= SO_RCVMARK= SO_PASSPIDFD= SO_RCVPRIORITY= SO_PASSRIGHTS= IP_TOS= IP_TTL= IP_HDRINCL= IP_OPTIONS= IP_ROUTER_ALERT= IP_RECVOPTS= IP_RETOPTS= IP_PKTINFO= IP_MTU_DISCOVER= IP_RECVERR= IP_RECVTTL= IP_RECVTOS= IP_FREEBIND= IP_PASSSEC= IP_TRANSPARENT= IP_RECVORIGDSTADDR= IP_MINTTL= IP_NODEFRAG= IP_CHECKSUM= IP_BIND_ADDRESS_NO_PORT= IP_RECVFRAGSIZE= IP_RECVERR_RFC4884= IP_MULTICAST_IF= IP_MULTICAST_TTL= IP_MULTICAST_LOOP= IP_ADD_MEMBERSHIP= IP_DROP_MEMBERSHIP= IP_MULTICAST_ALL= IP_UNICAST_IF= IP_LOCAL_PORT_RANGE= IPV6_CHECKSUM= IPV6_UNICAST_HOPS= IPV6_MULTICAST_IF= IPV6_MULTICAST_HOPS= IPV6_MULTICAST_LOOP= IPV6_ADD_MEMBERSHIP= IPV6_DROP_MEMBERSHIP= IPV6_MTU_DISCOVER= IPV6_RECVERR= IPV6_V6ONLY= IPV6_MULTICAST_ALL= IPV6_ROUTER_ALERT_ISOLATE= IPV6_RECVERR_RFC4884= IPV6_FLOWINFO_SEND= IPV6_HDRINCL= IPV6_RECVPKTINFO= IPV6_RECVHOPLIMIT= IPV6_RECVHOPOPTS= IPV6_RECVRTHDR= IPV6_RECVDSTOPTS= IPV6_RECVPATHMTU= IPV6_DONTFRAG= IPV6_RECVTCLASS= IPV6_TCLASS= IPV6_AUTOFLOWLABEL= IPV6_ADDR_PREFERENCES= IPV6_MINHOPCOUNT= IPV6_RECVORIGDSTADDR= IPV6_TRANSPARENT= IPV6_UNICAST_IF= IPV6_RECVFRAGSIZE= IPV6_FREEBIND= TCP_NODELAY= TCP_MAXSEG= TCP_CORK= TCP_KEEPIDLE= TCP_KEEPINTVL= TCP_KEEPCNT= TCP_SYNCNT= TCP_LINGER2= TCP_DEFER_ACCEPT= TCP_WINDOW_CLAMP= TCP_QUICKACK= TCP_CONGESTION= TCP_THIN_LINEAR_TIMEOUTS= TCP_THIN_DUPACK= TCP_USER_TIMEOUT= TCP_REPAIR= TCP_FASTOPEN= TCP_NOTSENT_LOWAT= TCP_SAVE_SYN= TCP_FASTOPEN_CONNECT= TCP_FASTOPEN_KEY= TCP_FASTOPEN_NO_COOKIE= TCP_INQ= TCP_TX_DELAY= TCP_RTO_MAX_MS= TCP_RTO_MIN_US= TCP_DELACK_MAX_US= UDP_CORK= UDP_ENCAP= UDP_NO_CHECK6_TX= UDP_NO_CHECK6_RX= UDP_SEGMENT= UDP_GRO= UDPLITE_SEND_CSCOV= UDPLITE_RECV_CSCOV= PACKET_COPY_THRESH= PACKET_AUXDATA= PACKET_ORIGDEV= PACKET_VERSION= PACKET_RESERVE= PACKET_LOSS= PACKET_VNET_HDR= PACKET_TIMESTAMP= PACKET_FANOUT= PACKET_TX_HAS_OFF= PACKET_QDISC_BYPASS= PACKET_IGNORE_OUTGOING=
end

# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sockkit_global_optspecs
    string join \n json explain q/quiet v/verbose color= h/help V/version
end

function __fish_sockkit_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sockkit_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sockkit_using_subcommand
    set -l cmd (__fish_sockkit_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sockkit -n "__fish_sockkit_needs_command" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_needs_command" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_needs_command" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_needs_command" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_needs_command" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_needs_command" -s V -l version -d 'Print version'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "http" -d 'Serve HTTP: a text on every path, or the files of a directory'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "tcp" -d 'Connect to, or listen on, a TCP port'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "udp" -d 'Send, hear and exchange UDP datagrams'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "unix" -d 'Connect to, listen on, and send to local sockets'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "raw" -d 'Send and hear packets of any protocol (SOCK_RAW)'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "resolve" -d 'Resolve names to addresses, and addresses to names (getaddrinfo, gethostbyname, getnameinfo)'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "fqdn" -d 'Show a host\'s fully qualified domain name (gethostname, getfqdn)'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "ping" -d 'Ask hosts whether they are there, and how far (SOCK_DGRAM or SOCK_RAW, IPPROTO_ICMP)'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "trace" -d 'Show the path to a host, hop by hop (IP_TTL, IP_RECVERR)'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "options" -d 'List, read and set socket options (getsockopt, setsockopt)'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "man" -d 'Print the man page, or write all of them'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l text -d 'Answer on every path with this text [default: Hello world!]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l host -d 'The host to listen on: a name, an address, or * for all' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l port -d 'The port to listen on, 0 for any' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l listen -d 'The address, where there is no DIR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l deadline -d 'End after D, whatever happens: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l ready-fd -d 'Write a byte to descriptor N when listening' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l port-file -d 'Write the real port to FILE when listening' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l index -d 'The file that a folder is answered with, the first of these that is there [default: index.html]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l spa -d 'Answer with FILE where nothing is found, for an application of one page [default: index.html]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l 404 -d 'Answer with FILE and status 404 where nothing is found' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l single -d 'Serve this one file, as / and by its name' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l cors -d 'Let pages of ORIGIN read the answers, those of all without it' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l header -d 'Add a field to every answer: \'Name: value\'' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l cache -d 'How long files may be kept without asking again (Cache-Control), 0 for not at all [default: no-cache, ask each time]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l auth -d 'Let in only those with LOGIN: USER:PASS, or @FILE of such lines; PASS may be a bcrypt or argon2 hash; the file is read again on SIGHUP [env: SOCKKIT_AUTH]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l upload -d 'Take files by PUT and by form, below FOLDER of DIR [default: all of DIR]; pages of other sites may not leave any, unless their name leads to this machine (DNS rebinding): --auth keeps those out too' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l upload-limit -d 'How many bytes a request may leave at most [default: 1G]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l unix -d 'Listen on a local socket: /path, ./path or @name (abstract; \\0 is a NUL byte); as ADDR these work too' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l mode -d 'The mode of a local socket\'s file, in octal [default: 0600, with --group 0660]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l group -d 'The group of a local socket\'s file, which may then connect' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l cert -d 'The certificate to show, in PEM, those above it behind; `http` reads it again on SIGHUP' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l key -d 'The key of --cert in PEM: PKCS#8, PKCS#1 or SEC1' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l cert-out -d 'Write the certificate to FILE before listening, for clients that are to trust it (--ca FILE, curl --cacert FILE)' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l client-ca -d 'Demand a certificate of each client, which those in FILE (PEM) vouch for' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l tls-min -d 'The lowest version of TLS' -r -f -a "1.2\t''
1.3\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l status -d 'Answer every request with this status, 200 to 599' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l delay -d 'Answer D after the request' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l drop -d 'Close the connection instead of answering, at this RATE: 0.1 or 10%' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l seed -d 'With --drop, drop the same requests in every run' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l exec-timeout -d 'End a command that is not done after D, and whatever it has started [default: 60s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l exec-max -d 'Run at most N commands at once, and answer 503 above that' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l log -d 'How requests are printed on stdout [default: head, of files common, with -q off]' -r -f -a "head\t'The head of each request as it came'
common\t'Common Log Format, the date in UTC, and behind it the seconds that the answer took'
combined\t'Combined Log Format: with referer and user agent before the seconds'
json\t'An object a line, with ts, peer, method, target, version, host, status, sent, duration_ms'
off\t'Nothing'"
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l max-conns -d 'At most N connections: an idle one makes room, else the client gets 503 [default: what `ulimit -Hn` allows]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l max-conns-per-address -d 'At most N connections from an IPv4 address or an IPv6 /64; one more gets 503' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l header-timeout -d 'Refuse a request whose head takes longer than D [default: 30s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l body-timeout -d 'Refuse a body of which fewer than 100 bytes a second come, over any D [default: 30s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l write-timeout -d 'Close a connection that takes fewer than 100 bytes a second, over any D [default: 30s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l idle-timeout -d 'Close a connection that asks nothing for D [default: 60s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l grace -d 'After SIGTERM or SIGINT, finish what is in flight for D at most; a second one ends at once [default: 5s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l user -d 'Continue as this user once it listens: NAME, UID, NAME:GROUP or UID:GID; only root can' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l no-listing -d 'Answer a folder without an index with 404, not with what it holds'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l archive -d 'Let folders be downloaded whole: ?archive=tar, ?archive=zip'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l no-compress -d 'Send files as they are: neither gzip made of text, nor the .br, .zst and .gz beside them'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l hidden -d 'Serve names that begin with a dot too'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l follow-links -d 'Follow links that lead out of DIR'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l clean-urls -d 'Serve page.html as page, and redirect from the one to the other'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l vhost -d 'Serve each host its own folder: DIR/HOSTNAME, in lower case'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l overwrite -d 'Let an upload replace a file'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l replace -d 'Take the place of a dead local socket\'s file; never of another file, never of a listener'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l keep-file -d 'Leave a local socket\'s file where it is at the end'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l proxy-protocol -d 'Each connection begins with a header of the PROXY protocol (v1 or v2), which tells the client\'s address; one without is closed'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l tls -d 'Speak TLS, with a temporary certificate whose fingerprint is said, or with --cert'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l inspect -d 'Answer every request, and show all of it: here, and live on a page at /.sockkit/'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l hex -d 'With --inspect, show heads and bodies as offset, hex and ASCII'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l echo -d 'Answer with the body of the request, or with its head where it has none'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l exec -d 'Answer every request with the output of the command behind --: the request is in CGI variables, its body on stdin'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l cgi -d 'The output begins with a CGI head: Status, Content-Type, Location and other fields, and a blank line'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l qr -d 'Show the URL as a QR code on stderr, for a telephone'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l open -d 'Open the URL in the browser: $BROWSER, or xdg-open'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l no-sandbox -d 'Keep every privilege, and the whole file system in reach'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand http" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen" -f -a "connect" -d 'Connect to a TCP port: stdin is sent, what arrives goes to stdout'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen" -f -a "listen" -d 'Listen on a TCP port: what arrives goes to stdout, stdin is sent'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l host -d 'The host, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l port -d 'The port, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l bind -d 'The address to speak from: HOST, HOST:PORT or :PORT' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l keepalive -d 'Probe a silent connection (SO_KEEPALIVE): after IDLE, every INTERVAL, COUNT times, as 60s,10s,5; the kernel has values for what is left out' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l retry -d 'Try N times more, or forever, where the connection is refused, the way or an answer in time is missing, a name server or proxy is in trouble, or TLS\'s handshake is broken off' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l retry-delay -d 'Wait D before the second attempt, and up to twice as long before each further one, 10s at most' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l proxy -d 'Connect through a proxy: http, socks4, socks4a, socks5 or socks5h://[USER:PASSWORD@]HOST[:PORT]; repeatable, the nearest first' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l proxy-auth -d 'Who asks the proxies whose URL does not say: USER:PASSWORD, or @FILE with such a line; others cannot see SOCKKIT_PROXY_AUTH' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l ca -d 'Trust those whom the certificates in FILE (PEM) vouch for, or who have one of them, and not the system\'s authorities' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l pin -d 'Trust the certificate with this fingerprint and no other, whatever its name and dates: sha256:HEX, of the whole certificate, as `tcp listen --tls` and `http --tls` say it; repeatable' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l sni -d 'The name that is asked for and that the certificate must have, instead of ADDR\'s host' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l alpn -d 'The protocols to speak inside TLS (ALPN), the best first: h2,http/1.1' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l tls-min -d 'The lowest version of TLS' -r -f -a "1.2\t''
1.3\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l cert -d 'Show a certificate of one\'s own to a server that asks for it, in PEM, those above it behind' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l key -d 'The key of --cert in PEM: PKCS#8, PKCS#1 or SEC1' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l starttls -d 'Ask for TLS in this protocol\'s own words first' -r -f -a "smtp\t''
imap\t''
pop3\t''
ftp\t''
postgres\t''
ldap\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l delay -d 'Wait for D between two lines' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l rate -d 'Send N bytes a second at most, to each of many: 500, 64k, 10M' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l max-bytes -d 'Send N bytes of stdin at most, and take that for its end' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l preamble -d 'Send TEXT first, to each of many; \\n \\r \\t \\e \\0 \\\\ and \\xHH stand for bytes' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l dump -d 'Show what passes both ways, on stderr, with time, connection, direction and offset' -r -f -a "text\t'As text, control characters escaped'
hex\t'As offset, hex and ASCII'
json\t'As a JSON object a line'"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l dump-to -d 'Show it in FILE instead' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l tee-in -d 'Write what arrives to FILE as well' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l tee-out -d 'Write what is sent to FILE as well' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l on-peer-eof -d 'What the peer\'s end means while stdin is open: auto ends unless stdin is a file or a pipe that has spoken' -r -f -a "auto\t'End at once, but hear out a file, or a pipe that has spoken'
exit\t'End at once'
drain\t'Hear stdin out to its end'"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l linger -d 'After the end of stdin, wait for the peer\'s end for D at most (exit status 124; one of many is cut off). With --exec and --sh: after the client\'s end, let its command go on for D at most' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l fastopen -d 'Send the first bytes with the SYN where the server knows us (TCP_FASTOPEN_CONNECT); a refusal is heard when it is too late to try again'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l mptcp -d 'Multipath TCP (IPPROTO_MPTCP)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l sctp -d 'SCTP in its one-to-one style (IPPROTO_SCTP)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l dccp -d 'DCCP (SOCK_DCCP, IPPROTO_DCCP)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l probe -d 'Only say which ports are open, closed or filtered, by connecting: ADDR may be HOST:22,80,8000-8010, -t is each port\'s [default: 3s], status 0 is all open'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l tls -d 'Speak TLS; the certificate must be valid, be for ADDR\'s host, and be vouched for by an authority of this system'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l insecure -d 'Trust any certificate: whoever is between may read and change everything'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l show-cert -d 'Show the server\'s certificate, how long it holds, and whether it is trusted (exit status 0 or 1), and say nothing'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l pass-fd -d 'Once connected, pass the socket on through stdout, itself a local socket (SCM_RIGHTS), and end: for ssh\'s ProxyUseFdpass'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l crlf -d 'Send the ends of lines as CR LF, those of a command\'s too; one that is CR LF already stays'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l send-only -d 'Only send: what arrives is dropped; ends when stdin has ended and the peer has taken everything'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l recv-only -d 'Only receive: nothing is sent, and stdin is left alone'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l no-stdin -d 'Leave stdin alone, and the connection open for the peer to end'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l stats -d 'Say at the end, and on SIGUSR1, how much moved, how fast, and what TCP knows of the way'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l hex -d 'Show what arrives as offset, hex and ASCII'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l from-hex -d 'Take what is to be sent as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l no-shutdown -d 'Make no shutdown(2) when stdin ends, so that the peer is not told, and go on until it ends: for servers and proxies that take the end of one half for the end of all'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l host -d 'The host, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l port -d 'The port, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l cert -d 'The certificate to show, in PEM, those above it behind; `http` reads it again on SIGHUP' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l key -d 'The key of --cert in PEM: PKCS#8, PKCS#1 or SEC1' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l cert-out -d 'Write the certificate to FILE before listening, for clients that are to trust it (--ca FILE, curl --cacert FILE)' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l client-ca -d 'Demand a certificate of each client, which those in FILE (PEM) vouch for' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l tls-min -d 'The lowest version of TLS' -r -f -a "1.2\t''
1.3\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l alpn -d 'The protocols to speak inside TLS (ALPN), the best first: h2,http/1.1' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l max-conns -d 'With many: at most N connections at once, others wait [default: as many as `ulimit -Hn` allows; 1024 commands]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l slow -d 'With many: what becomes of one that takes less than it is told, once 1 MiB waits for it [default: disconnect]' -r -f -a "disconnect\t'The others wait for it; after 2 s in which it has taken nothing it is cut off, and that is said'
drop\t'Nobody waits: what does not fit is left out for it, and that is said'
block\t'The others wait for it, however long that takes'"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l accept-timeout -d 'End when nobody is connected and nobody has come for D (exit status 124)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l backlog -d 'Let N connections wait to be accepted; the kernel caps it at net.core.somaxconn [default: 4096]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l sh -d 'Run a line of the shell for each connection: sh -c LINE' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l reply -d 'Send each connection TEXT, with escapes as --preamble, or what is in @FILE, and end; what it says is dropped' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l output-dir -d 'Keep what each connection says in a file of its own in DIR; stdin goes to all' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l allow -d 'Let only these in: 10.0.0.0/8, 2001:db8::1, a name, several with commas, @FILE with one a line; repeatable' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l deny -d 'Do not let these in, whoever else is; others are closed at once, which -v shows' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l ready-fd -d 'Write a byte to descriptor N when listening' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l port-file -d 'Write the real port to FILE when listening' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l delay -d 'Wait for D between two lines' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l rate -d 'Send N bytes a second at most, to each of many: 500, 64k, 10M' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l max-bytes -d 'Send N bytes of stdin at most, and take that for its end' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l preamble -d 'Send TEXT first, to each of many; \\n \\r \\t \\e \\0 \\\\ and \\xHH stand for bytes' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l dump -d 'Show what passes both ways, on stderr, with time, connection, direction and offset' -r -f -a "text\t'As text, control characters escaped'
hex\t'As offset, hex and ASCII'
json\t'As a JSON object a line'"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l dump-to -d 'Show it in FILE instead' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l tee-in -d 'Write what arrives to FILE as well' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l tee-out -d 'Write what is sent to FILE as well' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l on-peer-eof -d 'What the peer\'s end means while stdin is open: auto ends unless stdin is a file or a pipe that has spoken' -r -f -a "auto\t'End at once, but hear out a file, or a pipe that has spoken'
exit\t'End at once'
drain\t'Hear stdin out to its end'"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l linger -d 'After the end of stdin, wait for the peer\'s end for D at most (exit status 124; one of many is cut off). With --exec and --sh: after the client\'s end, let its command go on for D at most' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l mptcp -d 'Multipath TCP (IPPROTO_MPTCP)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l sctp -d 'SCTP in its one-to-one style (IPPROTO_SCTP)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l dccp -d 'DCCP (SOCK_DCCP, IPPROTO_DCCP)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l reuseport -d 'Let other sockets listen on the same port; the kernel shares connections out (SO_REUSEPORT)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l tls -d 'Speak TLS, with a temporary certificate whose fingerprint is said, or with --cert'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s k -l keep-open -d 'Serve many connections at once, until a signal: what they say goes to stdout, stdin goes to all that are connected'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l exec -d 'Run the command behind -- for each connection, which is its stdin and stdout; SOCKKIT_PEER_ADDR and others tell of it'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l pty -d 'Give the command a terminal of its own: its stdin, stdout and stderr'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l echo -d 'Send back what comes'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l discard -d 'Drop what comes'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l broker -d 'Send what one says, and what stdin says, to all the others (-k is meant)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l chat -d 'Let people talk: lines, with names (/nick NAME); you see them and speak too (-k is meant)'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l crlf -d 'Send the ends of lines as CR LF, those of a command\'s too; one that is CR LF already stays'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l send-only -d 'Only send: what arrives is dropped; ends when stdin has ended and the peer has taken everything'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l recv-only -d 'Only receive: nothing is sent, and stdin is left alone'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l no-stdin -d 'Leave stdin alone, and the connection open for the peer to end'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l stats -d 'Say at the end, and on SIGUSR1, how much moved, how fast, and what TCP knows of the way'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l hex -d 'Show what arrives as offset, hex and ASCII'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l from-hex -d 'Take what is to be sent as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l no-shutdown -d 'Make no shutdown(2) when stdin ends, so that the peer is not told, and go on until it ends: for servers and proxies that take the end of one half for the end of all'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -f -a "send" -d 'Send datagrams: each DATA is one, or stdin is cut into them'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -f -a "connect" -d 'Exchange datagrams with one peer: stdin is sent, replies go to stdout'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and not __fish_seen_subcommand_from send connect listen" -f -a "listen" -d 'Hear datagrams from every peer: payload goes to stdout, stdin answers whoever was heard last'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l host -d 'The host, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l port -d 'The port, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -s c -l count -d 'Send N datagrams: DATA over and over, or the first N of stdin' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l rate -d 'Send N datagrams a second at most; 0.5 is one in two seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l bind -d 'The address to speak from: HOST, HOST:PORT or :PORT' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l coverage -d 'Of UDP-Lite, have the checksum cover the first N bytes, 8 of which are the header; hear none that covers less' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l size -d 'One datagram per read of stdin, of N bytes at most [default: 65507]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l ttl -d 'Let N routers pass it on, at most (IP_TTL, IP_MULTICAST_TTL; of multicast, 1 if left out)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l loop -d 'Whether this host hears what is sent to a group: on or off [default: on]' -r -f -a "true\t''
false\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l multicast-interface -d 'Send to groups by the interface IF (IP_MULTICAST_IF)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l send-empty -d 'In the end send an empty datagram: some take it for the end'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l udplite -d 'UDP-Lite (IPPROTO_UDPLITE)'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l lines -d 'One datagram per line of stdin, without its line feed'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l whole -d 'All of stdin as one datagram'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l from-hex -d 'Take DATA, or stdin, as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l broadcast -d 'Allow broadcast addresses (SO_BROADCAST)'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l host -d 'The host, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l port -d 'The port, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l bind -d 'The address to speak from: HOST, HOST:PORT or :PORT' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l coverage -d 'Of UDP-Lite, have the checksum cover the first N bytes, 8 of which are the header; hear none that covers less' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l linger -d 'After the end of stdin, end when no reply has come for D [default: 1s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -s c -l count -d 'End after N datagrams or records have come' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l size -d 'One datagram per read of stdin, of N bytes at most [default: 65507]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l format -d 'How what arrives is shown. line, hex and json tell the time, the peer, the local address, the length, and ttl and tos as they came' -r -f -a "raw\t'As it is, one behind the other'
line\t'A line each, with control characters escaped'
hex\t'A line each, then offset, hex and ASCII'
json\t'A JSON object each, as --json tells them, but nothing else'"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l ttl -d 'Let N routers pass it on, at most (IP_TTL, IP_MULTICAST_TTL; of multicast, 1 if left out)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l loop -d 'Whether this host hears what is sent to a group: on or off [default: on]' -r -f -a "true\t''
false\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l multicast-interface -d 'Send to groups by the interface IF (IP_MULTICAST_IF)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l udplite -d 'UDP-Lite (IPPROTO_UDPLITE)'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l lines -d 'One datagram per line of stdin, without its line feed'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l whole -d 'All of stdin as one datagram'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l send-empty -d 'At the end of stdin, send an empty datagram: some take it for the end'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l eof-on-empty -d 'Take an empty datagram for the end; otherwise it is data'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l hex -d 'Show what arrives as offset, hex and ASCII'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l from-hex -d 'Take what is to be sent as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l broadcast -d 'Allow broadcast addresses (SO_BROADCAST)'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l host -d 'The host, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l port -d 'The port, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l coverage -d 'Of UDP-Lite, have the checksum cover the first N bytes, 8 of which are the header; hear none that covers less' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l ready-fd -d 'Write a byte to descriptor N when listening' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l port-file -d 'Write the real port to FILE when listening' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -s c -l count -d 'End after N datagrams or records have come' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l size -d 'One datagram per read of stdin, of N bytes at most [default: 65507]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l format -d 'How what arrives is shown. line, hex and json tell the time, the peer, the local address, the length, and ttl and tos as they came' -r -f -a "raw\t'As it is, one behind the other'
line\t'A line each, with control characters escaped'
hex\t'A line each, then offset, hex and ASCII'
json\t'A JSON object each, as --json tells them, but nothing else'"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l join -d 'Join a multicast GROUP, on the interface IF, and hear there SOURCE alone; repeatable. A listener on a group\'s address joins that one by itself' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l ttl -d 'Let N routers pass it on, at most (IP_TTL, IP_MULTICAST_TTL; of multicast, 1 if left out)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l loop -d 'Whether this host hears what is sent to a group: on or off [default: on]' -r -f -a "true\t''
false\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l multicast-interface -d 'Send to groups by the interface IF (IP_MULTICAST_IF)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l to -d 'Whom stdin\'s datagrams go to [default: last]' -r -f -a "last\t'To whoever was heard last'
all\t'To all who were heard, until they expire'"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l expire -d 'Forget a peer that has been silent for D: its command\'s stdin ends, and it is asked to end soon after, or killed when the peer speaks again; --to all leaves it out [default: 30s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l sh -d 'Run a line of the shell for each peer: sh -c LINE' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l reply -d 'Answer each datagram with TEXT, with escapes as \\n and \\xHH, or with what is in @FILE' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l udplite -d 'UDP-Lite (IPPROTO_UDPLITE)'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l lines -d 'One datagram per line of stdin, without its line feed'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l whole -d 'All of stdin as one datagram'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l send-empty -d 'At the end of stdin, send an empty datagram: some take it for the end'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l eof-on-empty -d 'Take an empty datagram for the end; otherwise it is data'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l hex -d 'Show what arrives as offset, hex and ASCII'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l from-hex -d 'Take what is to be sent as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l broadcast -d 'Allow broadcast addresses (SO_BROADCAST)'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l exec -d 'Run the command behind -- for each peer: it is fed what that peer sends, without boundaries, and each of its writes is a datagram to that peer; SOCKKIT_PEER_ADDR and others tell of it'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l echo -d 'Send each datagram back'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l discard -d 'Drop what comes'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand udp; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -f -a "connect" -d 'Connect to a local socket: stdin is sent, what arrives goes to stdout'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -f -a "listen" -d 'Listen on a local socket: what arrives goes to stdout, stdin is sent'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and not __fish_seen_subcommand_from connect listen send" -f -a "send" -d 'Send to a local socket and end: each DATA is a datagram or record, or stdin is'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l type -d 'The socket\'s type' -r -f -a "stream\t'A byte stream (SOCK_STREAM)'
dgram\t'Datagrams (SOCK_DGRAM)'
seqpacket\t'Records over a connection (SOCK_SEQPACKET)'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l bind -d 'The own name, for answers to datagrams; the kernel chooses one if left out' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l send-fd -d 'First of all hand the inherited descriptor N to the peer (SCM_RIGHTS), along with one NUL byte' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -s c -l count -d 'End after N datagrams or records have come' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l size -d 'One datagram per read of stdin, of N bytes at most [default: 65507]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l format -d 'How what arrives is shown. line, hex and json tell the time, the peer, the local address, the length, and ttl and tos as they came' -r -f -a "raw\t'As it is, one behind the other'
line\t'A line each, with control characters escaped'
hex\t'A line each, then offset, hex and ASCII'
json\t'A JSON object each, as --json tells them, but nothing else'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l delay -d 'Wait for D between two lines' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l rate -d 'Send N bytes a second at most, to each of many: 500, 64k, 10M' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l max-bytes -d 'Send N bytes of stdin at most, and take that for its end' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l preamble -d 'Send TEXT first, to each of many; \\n \\r \\t \\e \\0 \\\\ and \\xHH stand for bytes' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l dump -d 'Show what passes both ways, on stderr, with time, connection, direction and offset' -r -f -a "text\t'As text, control characters escaped'
hex\t'As offset, hex and ASCII'
json\t'As a JSON object a line'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l dump-to -d 'Show it in FILE instead' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l tee-in -d 'Write what arrives to FILE as well' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l tee-out -d 'Write what is sent to FILE as well' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l on-peer-eof -d 'What the peer\'s end means while stdin is open: auto ends unless stdin is a file or a pipe that has spoken' -r -f -a "auto\t'End at once, but hear out a file, or a pipe that has spoken'
exit\t'End at once'
drain\t'Hear stdin out to its end'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l linger -d 'After the end of stdin, wait for the peer\'s end for D at most (exit status 124; one of many is cut off). With --exec and --sh: after the client\'s end, let its command go on for D at most' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l show-cred -d 'Show the process, the user and the group at the other end, as the kernel knows them (SO_PEERCRED)'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l recv-fd -d 'Take a descriptor from the peer (SCM_RIGHTS) and go on with it: a connection is joined to stdin and stdout'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l pass-fd -d 'Once connected, pass the socket on through stdout, itself a local socket (SCM_RIGHTS), and end: for ssh\'s ProxyUseFdpass'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l lines -d 'One datagram per line of stdin, without its line feed'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l whole -d 'All of stdin as one datagram'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l send-empty -d 'At the end of stdin, send an empty datagram: some take it for the end'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l eof-on-empty -d 'Take an empty datagram for the end; otherwise it is data'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l crlf -d 'Send the ends of lines as CR LF, those of a command\'s too; one that is CR LF already stays'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l send-only -d 'Only send: what arrives is dropped; ends when stdin has ended and the peer has taken everything'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l recv-only -d 'Only receive: nothing is sent, and stdin is left alone'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l no-stdin -d 'Leave stdin alone, and the connection open for the peer to end'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l stats -d 'Say at the end, and on SIGUSR1, how much moved, how fast, and what TCP knows of the way'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l hex -d 'Show what arrives as offset, hex and ASCII'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l from-hex -d 'Take what is to be sent as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l no-shutdown -d 'Make no shutdown(2) when stdin ends, so that the peer is not told, and go on until it ends: for servers and proxies that take the end of one half for the end of all'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l type -d 'The socket\'s type' -r -f -a "stream\t'A byte stream (SOCK_STREAM)'
dgram\t'Datagrams (SOCK_DGRAM)'
seqpacket\t'Records over a connection (SOCK_SEQPACKET)'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l mode -d 'The mode of a local socket\'s file, in octal [default: 0600, with --group 0660]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l group -d 'The group of a local socket\'s file, which may then connect' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l max-conns -d 'With many: at most N connections at once, others wait [default: as many as `ulimit -Hn` allows; 1024 commands]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l slow -d 'With many: what becomes of one that takes less than it is told, once 1 MiB waits for it [default: disconnect]' -r -f -a "disconnect\t'The others wait for it; after 2 s in which it has taken nothing it is cut off, and that is said'
drop\t'Nobody waits: what does not fit is left out for it, and that is said'
block\t'The others wait for it, however long that takes'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l accept-timeout -d 'End when nobody is connected and nobody has come for D (exit status 124)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l backlog -d 'Let N connections wait to be accepted; the kernel caps it at net.core.somaxconn [default: 4096]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l sh -d 'Run a line of the shell for each connection: sh -c LINE' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l reply -d 'Send each connection TEXT, with escapes as --preamble, or what is in @FILE, and end; what it says is dropped' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l output-dir -d 'Keep what each connection says in a file of its own in DIR; stdin goes to all' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l ready-fd -d 'Write a byte to descriptor N when listening' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l to -d 'Whom stdin\'s datagrams go to [default: last]' -r -f -a "last\t'To whoever was heard last'
all\t'To all who were heard, until they expire'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l expire -d 'Forget a peer that has been silent for D: its command\'s stdin ends, and it is asked to end soon after, or killed when the peer speaks again; --to all leaves it out [default: 30s]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l send-fd -d 'First of all hand the inherited descriptor N to the peer (SCM_RIGHTS), along with one NUL byte' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -s c -l count -d 'End after N datagrams or records have come' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l size -d 'One datagram per read of stdin, of N bytes at most [default: 65507]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l format -d 'How what arrives is shown. line, hex and json tell the time, the peer, the local address, the length, and ttl and tos as they came' -r -f -a "raw\t'As it is, one behind the other'
line\t'A line each, with control characters escaped'
hex\t'A line each, then offset, hex and ASCII'
json\t'A JSON object each, as --json tells them, but nothing else'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l delay -d 'Wait for D between two lines' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l rate -d 'Send N bytes a second at most, to each of many: 500, 64k, 10M' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l max-bytes -d 'Send N bytes of stdin at most, and take that for its end' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l preamble -d 'Send TEXT first, to each of many; \\n \\r \\t \\e \\0 \\\\ and \\xHH stand for bytes' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l dump -d 'Show what passes both ways, on stderr, with time, connection, direction and offset' -r -f -a "text\t'As text, control characters escaped'
hex\t'As offset, hex and ASCII'
json\t'As a JSON object a line'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l dump-to -d 'Show it in FILE instead' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l tee-in -d 'Write what arrives to FILE as well' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l tee-out -d 'Write what is sent to FILE as well' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l on-peer-eof -d 'What the peer\'s end means while stdin is open: auto ends unless stdin is a file or a pipe that has spoken' -r -f -a "auto\t'End at once, but hear out a file, or a pipe that has spoken'
exit\t'End at once'
drain\t'Hear stdin out to its end'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l linger -d 'After the end of stdin, wait for the peer\'s end for D at most (exit status 124; one of many is cut off). With --exec and --sh: after the client\'s end, let its command go on for D at most' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l replace -d 'Take the place of a dead local socket\'s file; never of another file, never of a listener'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l keep-file -d 'Leave a local socket\'s file where it is at the end'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -s k -l keep-open -d 'Serve many connections at once, until a signal: what they say goes to stdout, stdin goes to all that are connected'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l exec -d 'Run the command behind -- for each connection, which is its stdin and stdout; SOCKKIT_PEER_ADDR and others tell of it'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l pty -d 'Give the command a terminal of its own: its stdin, stdout and stderr'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l echo -d 'Send back what comes'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l discard -d 'Drop what comes'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l broker -d 'Send what one says, and what stdin says, to all the others (-k is meant)'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l chat -d 'Let people talk: lines, with names (/nick NAME); you see them and speak too (-k is meant)'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l show-cred -d 'Show the process, the user and the group at the other end, as the kernel knows them (SO_PEERCRED)'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l recv-fd -d 'Take a descriptor from the peer (SCM_RIGHTS) and go on with it: a connection is joined to stdin and stdout'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l lines -d 'One datagram per line of stdin, without its line feed'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l whole -d 'All of stdin as one datagram'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l send-empty -d 'At the end of stdin, send an empty datagram: some take it for the end'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l eof-on-empty -d 'Take an empty datagram for the end; otherwise it is data'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l crlf -d 'Send the ends of lines as CR LF, those of a command\'s too; one that is CR LF already stays'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l send-only -d 'Only send: what arrives is dropped; ends when stdin has ended and the peer has taken everything'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l recv-only -d 'Only receive: nothing is sent, and stdin is left alone'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l no-stdin -d 'Leave stdin alone, and the connection open for the peer to end'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l stats -d 'Say at the end, and on SIGUSR1, how much moved, how fast, and what TCP knows of the way'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l hex -d 'Show what arrives as offset, hex and ASCII'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l from-hex -d 'Take what is to be sent as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l no-shutdown -d 'Make no shutdown(2) when stdin ends, so that the peer is not told, and go on until it ends: for servers and proxies that take the end of one half for the end of all'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l type -d 'The socket\'s type' -r -f -a "stream\t'A byte stream (SOCK_STREAM)'
dgram\t'Datagrams (SOCK_DGRAM)'
seqpacket\t'Records over a connection (SOCK_SEQPACKET)'"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -s c -l count -d 'Send N datagrams or records: DATA over and over, or the first N of stdin' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l rate -d 'Send N datagrams or records a second at most; 0.5 is one in two seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l size -d 'One datagram per read of stdin, of N bytes at most [default: 65507]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l send-fd -d 'Hand the inherited descriptor N over with the first of it (SCM_RIGHTS), or with one NUL byte where there is none' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l send-empty -d 'In the end send an empty datagram or record: some take it for the end'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l lines -d 'One datagram per line of stdin, without its line feed'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l whole -d 'All of stdin as one datagram'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l from-hex -d 'Take DATA, or stdin, as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand unix; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and not __fish_seen_subcommand_from send listen" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and not __fish_seen_subcommand_from send listen" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and not __fish_seen_subcommand_from send listen" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and not __fish_seen_subcommand_from send listen" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and not __fish_seen_subcommand_from send listen" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and not __fish_seen_subcommand_from send listen" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and not __fish_seen_subcommand_from send listen" -f -a "send" -d 'Send one packet (socket, sendto)'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and not __fish_seen_subcommand_from send listen" -f -a "listen" -d 'Hear packets, one line each (socket, bind, recvmmsg)'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l host -d 'The address, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l proto -d 'icmp, icmp6, tcp, udp, or a number; ICMP or ICMPv6 if left out' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l file -d 'The bytes are in FILE, `-` for stdin' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l bind -d 'The address to send from, one of this host\'s; any with -o IP_TRANSPARENT=1' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l icmp -d 'An ICMP message, ICMPv6 over IPv6: echo, reply, TYPE or TYPE:CODE' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l tcp -d 'A TCP segment with these flags: syn, ack, fin, rst, psh, urg, ece, cwr, as syn,ack; or none' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l sport -d 'The port it comes from; any if left out' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l dport -d 'The port it goes to, by number or as services(5) names it; 8082 if left out' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l seq -d 'TCP\'s sequence number, any if left out; an echo\'s, 1 if left out' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l ack -d 'TCP\'s acknowledgment number' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l window -d 'TCP\'s window; 64240 if left out' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l urgent -d 'Where TCP\'s urgent data end; it says something with the flag urg' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l tcp-options -d 'TCP\'s options, in this order: mss=N, wscale=N, sackok, ts=VAL[:ECR], nop, eol or KIND=HEX with commas' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l id -d 'An echo\'s identifier; any if left out' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l payload -d 'What it carries, as DATA and --file do' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l ttl -d 'How many routers may pass it on (IP_TTL, IPV6_UNICAST_HOPS)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l from-hex -d 'Take DATA, --file, --payload or stdin as hex digits; white space is ignored'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l header -d 'The bytes begin with the IP header (IP_HDRINCL, IPV6_HDRINCL)'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l udp -d 'A UDP datagram'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l bad-checksum -d 'Have its checksum be wrong'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l host -d 'The address, instead of ADDR' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l proto -d 'icmp, icmp6, tcp, udp, a number, or all, which without --link is ICMP, TCP and UDP; ICMP or ICMPv6 if left out, all with --link' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l filter -d 'Only what this says, as tcpdump has it: tcp udp sctp icmp icmp6 igmp esp ah arp rarp ip ip6 ether vlan host net mask port portrange proto broadcast multicast less greater src dst and or not ( ), and numbers as tcp[tcpflags] & tcp-syn != 0' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l pcap -d 'Write the packets to FILE for tcpdump and Wireshark, `-` for stdout, in place of lines' -r -F
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -s c -l count -d 'End after N packets' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l ready-fd -d 'Write a byte to descriptor N when listening' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -s t -l timeout -d 'Connect, or hear the first client or reply, within D: 500ms, 2s, 1m, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l idle-timeout -d 'End when nothing has moved for D' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l deadline -d 'End after D, whatever happens' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l link -d 'Hear what the links carry (AF_PACKET): all of them (`any`), or that of --interface'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l hex -d 'Show each packet\'s bytes below its line, as offset, hex and ASCII'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l time -d 'Begin each line with the time of day (UTC), as --link does'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand raw; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -l service -d 'Show ADDRESS:PORT, for a port or a name of services(5); for an address, NAME:SERVICE' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -s t -l timeout -d 'Wait for each answer for D at most' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -s 1 -l first -d 'Show the first answer of each only'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -l gethostbyname -d 'Ask gethostbyname(3): IPv4 only, aliases followed, 127.1 and 0177.0.0.1 are addresses'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -l canonical -d 'Show the canonical name behind each address'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l host -d 'The host, instead of HOST' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s c -l count -d 'Ask each host N times [default: without end]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s i -l interval -d 'Ask each host every D: 200ms, 1s, or seconds' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l gap -d 'At least D from one request to the next, whichever host it is for [default: the interval shared out, 10ms at most]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s t -l timeout -d 'Wait for each reply for D, with 0 without end; one that comes later is counted, and called late' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s w -l deadline -d 'End after D, and judge by the replies so far' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s s -l size -d 'Bytes of payload' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l ttl -d 'How many routers may pass it on (IP_TTL, IPV6_UNICAST_HOPS)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l tcp -d 'Connect to this TCP port instead: taken (SYN, ACK) or refused (RST), both are answers' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l udp -d 'Send a datagram to this UDP port instead: a datagram back, or ICMP port unreachable, are answers' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l bind -d 'The address to speak from' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s n -l numeric -d 'Show addresses only'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l df -d 'Have no router fragment it (IP_MTU_DISCOVER): one that is too large is told with the MTU'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand ping" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l host -d 'The host, instead of HOST' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l tcp -d 'Connect to this TCP port: taken (SYN, ACK) or refused (RST), both are the end' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s p -l port -d 'The UDP port that datagrams go to' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s m -l max-hops -d 'The last hop that is asked' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s f -l first-hop -d 'The first hop that is asked' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l probes -d 'How many probes each hop gets [default: 3, or as many as --flows]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s t -l timeout -d 'Wait for each answer for D; less where a hop farther away has answered long before' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s s -l size -d 'The length of a packet in bytes, headers included [default: 60, over IPv6 80]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l tos -d 'The type of service, or traffic class (IP_TOS, IPV6_TCLASS)' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l flows -d 'How many flows the probes are spread over, a path each [default: 1, with --tcp as many as --probes]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s N -l window -d 'How many probes are under way at a time' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s c -l count -d 'How many rounds [default: 10, on a terminal without end]' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s i -l interval -d 'How long from one round to the next' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l deadline -d 'End after D, with what is known so far' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l bind -d 'The address to speak from' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s o -l option -d 'Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable' -r -f -a "(__fish_sockkit_settings)"
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l interface -d 'The network interface to use (SO_BINDTODEVICE)' -r -f -a "(__fish_print_interfaces)"
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l udp -d 'Send datagrams, which is what is done anyway'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s I -l icmp -d 'Send echo requests'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s n -l numeric -d 'Show addresses only'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l df -d 'Have no router fragment it (IP_MTU_DISCOVER): the one that would is shown with the MTU'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l mtu -d 'Find the largest packet that goes all the way: F=1400 where it becomes smaller'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s r -l report -d 'Probe all hops round after round, then show a table; on a terminal it is seen to grow, until Ctrl-C'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand trace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -f -a "list" -d 'List the socket options by level: name, number, type and unit, access, sockets, meaning'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -f -a "get" -d 'Read options of a fresh socket, or of an inherited one'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and not __fish_seen_subcommand_from list get set" -f -a "set" -d 'Set options of a fresh socket, or of an inherited one, and show what the kernel made of them'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from list" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from list" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from list" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -l type -d 'The type of the fresh socket; stream, or one that has the options' -r -f -a "stream\t'SOCK_STREAM'
dgram\t'SOCK_DGRAM'
raw\t'SOCK_RAW'
seqpacket\t'SOCK_SEQPACKET'"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -l family -d 'The family of the fresh socket; inet, or one that has the options' -r -f -a "inet\t'AF_INET'
inet6\t'AF_INET6'
unix\t'AF_UNIX'
packet\t'AF_PACKET'"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -l fd -d 'An inherited socket instead of a fresh one' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -l type -d 'The type of the fresh socket; stream, or one that has the options' -r -f -a "stream\t'SOCK_STREAM'
dgram\t'SOCK_DGRAM'
raw\t'SOCK_RAW'
seqpacket\t'SOCK_SEQPACKET'"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -l family -d 'The family of the fresh socket; inet, or one that has the options' -r -f -a "inet\t'AF_INET'
inet6\t'AF_INET6'
unix\t'AF_UNIX'
packet\t'AF_PACKET'"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -l fd -d 'An inherited socket instead of a fresh one' -r
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -l color -d 'When stderr has colours: on a terminal, unless NO_COLOR is set; always; or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -s q -l quiet -d 'Say nothing on stderr, not even errors: the exit status tells'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -s v -l verbose -d 'Say more on stderr: connections, datagrams'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from get" -f -a "(__fish_sockkit_names)"
complete -c sockkit -n "__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from set" -f -a "(__fish_sockkit_settings)"
