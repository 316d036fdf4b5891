"""Frames of many kinds, the same in every run: `frames.py INTERFACE HOW_MANY KIND` sends them, each in hex on stdout.

`plain` are those of which tcpdump and sockkit say the same in the same words; `all` has fragments, extension headers, tags of
virtual LANs and frames that are cut short besides; `mixed` has RARP and what goes to many as well. Who sends a frame tells its kind: ..:aa, tagged ..:bb, cut ..:cc.
"""
import random, socket, struct, sys
r = random.Random(7)
OURS, TAGGED, ODD = b'\x02\0\0\0\0\xaa', b'\x02\0\0\0\0\xbb', b'\x02\0\0\0\0\xcc'
TO = b'\x02\0\0\0\0\x01'
V4 = ['10.0.0.1', '10.0.0.2', '10.1.0.1', '192.0.2.7']
V6 = ['fd00::1', 'fd00::2', 'fd00:1::1', '::1']
PLAIN, MIXED = sys.argv[3] == 'plain', sys.argv[3] == 'mixed'
PORTS = [443, 8005, 40000] if PLAIN else [53, 80, 443, 8000, 8005, 40000]
def csum(b):
    b += b'\0' * (len(b) % 2)
    s = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    while s >> 16: s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff
def put(b, at, s): return b[:at] + struct.pack('!H', s) + b[at+2:]
def transport(pseudo, v6):
    kind = r.choice(['tcp', 'udp', 'icmp', 'dns'] + ['other'] * (not PLAIN))
    a, b = r.choice(PORTS), r.choice(PORTS)
    pay = bytes(r.randrange(256) for _ in range(r.randrange(20)))
    if kind == 'tcp':
        opts = r.choice([b'', b'\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\x05\0\0\0\x06\x01\x03\x03\x07', b'\x01\x01\x05\x0a\0\0\0\x01\0\0\0\x09',
                         b'\x02\x04\x05\xb4\0\0\0\0'] + [b'\x22\x02\x01\x01', b'\x1e\x0c\0\x81' + b'k' * 8] * (not PLAIN))
        if 53 in (a, b): pay = b''
        m = struct.pack('!HHIIBBHHH', a, b, r.randrange(2**32), r.randrange(2**32), (5 + len(opts) // 4) << 4, r.choice([2, 0x12, 0x18, 4, 0x11, 0, 0x10]), 512, 0, 0) + opts + pay
        return 6, put(m, 16, csum(pseudo(6, len(m)) + m))
    if kind == 'icmp':
        if v6:
            m = struct.pack('!BBHHH', r.choice([128, 129]), 0, 0, 1, 2) + pay
            return 58, put(m, 2, csum(pseudo(58, len(m)) + m))
        m = struct.pack('!BBHHH', r.choice([8, 0]), 0, 0, 1, 2) + pay
        return 1, put(m, 2, csum(m))
    if kind == 'other':
        return 47, b'\0\0\x08\0' + pay
    if kind == 'dns':
        q = b'\x07example\x03com\0' + struct.pack('!HH', r.choice([1, 28, 15, 255]), 1)
        a, b, pay = r.choice([
            (40000, 53, struct.pack('!6H', 1234, r.choice([0x100, 0x110, 0]), 1, 0, 0, 0) + q),
            (40000, 53, struct.pack('!6H', 1235, 0x120, 1, 0, 0, 1) + q + b'\0\0\x29\x04\xd0\0\0\0\0\0\0'),
            (53, 40000, struct.pack('!6H', 1236, 0x8180, 1, 2, 0, 0) + q + b'\xc0\x0c\0\x05\0\x01\0\0\x0e\x10\0\x06\x03www\xc0\x0c' + b'\xc0\x0c\0\x01\0\x01\0\0\x0e\x10\0\x04\xc0\0\x02\x01'),
            (53, 40000, struct.pack('!6H', 1237, 0x8583, 1, 0, 1, 0) + q),
            (53, 40000, struct.pack('!6H', 1238, 0x8400, 1, 1, 0, 0) + q + b'\xc0\x0c\0\x0f\0\x01\0\0\x0e\x10\0\x04\0\x0a\xc0\x0c'),
        ])
    elif 53 in (a, b): a = b = 9
    m = struct.pack('!HHHH', a, b, 8 + len(pay), 0) + pay
    return 17, put(m, 6, csum(pseudo(17, len(m)) + m) or 0xffff)
def v4():
    a, b = (socket.inet_aton(r.choice(V4)) for _ in '12')
    p, m = transport(lambda p, n: a + b + struct.pack('!BBH', 0, p, n), False)
    opts = r.choice([b'', b'', b'\x01\x01\x01\0'])
    frag = r.choice([0x4000, 0x4000, 0, 0] + [0x2000, 0x00b9] * (not PLAIN))
    h = struct.pack('!BBHHHBBH', 0x45 + len(opts) // 4, 0, 20 + len(opts) + len(m), 7, frag, 64, p, 0) + a + b + opts
    return b'\x08\0' + put(h, 10, csum(h)) + m
def v6():
    a, b = (socket.inet_pton(socket.AF_INET6, r.choice(V6)) for _ in '12')
    p, m = transport(lambda p, n: a + b + struct.pack('!IBBBB', n, 0, 0, 0, p), True)
    ext = r.choice([''] + ['', 'hbh', 'dst', 'frag0', 'frag'] * (not PLAIN))
    if ext == 'hbh': m, p = bytes([p, 0, 5, 2, 0, 0, 1, 0]) + m, 0
    if ext == 'dst': m, p = bytes([p, 0, 1, 4, 0, 0, 0, 0]) + m, 60
    if ext == 'frag0': m, p = bytes([p, 0, 0, 1, 0, 0, 0, 9]) + m, 44
    if ext == 'frag': m, p = bytes([p, 0, 0, 0x59, 0, 0, 0, 9]) + m, 44
    return b'\x86\xdd' + struct.pack('!IHBB', 0x60000000, len(m), p, 64) + a + b + m
def arp():
    a, b = (socket.inet_aton(r.choice(V4)) for _ in '12')
    return b'\x08\x06' + struct.pack('!HHBBH', 1, 0x800, 6, 4, 1) + OURS + a + b'\0' * 6 + b
def rarp():
    return b'\x80\x35' + arp()[2:9] + b'\x03' + arp()[10:]
def to():
    return r.choice([TO, TO, b'\xff' * 6, b'\x01\0\x5e\0\0\xfb', b'\x33\x33\0\0\0\x01']) if MIXED else TO
def send(frame):
    s.send(frame)
    print(frame.hex())
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind((sys.argv[1], 0))
RARP = [rarp] * MIXED
if MIXED:
    V4 += ['127.0.0.1', '224.0.0.251', '255.255.255.255']
    V6 += ['ff02::1']
for _ in range(int(sys.argv[2])):
    send(to() + OURS + r.choice([v4, v4, v6, v6, arp] + RARP)())
    if not PLAIN:
        send(to() + TAGGED + b'\x81\0' + struct.pack('!H', r.randrange(2**16)) + r.choice([v4, v6, arp] + RARP)())
        body = r.choice([v4, v6, arp] + RARP)()
        send(to() + ODD + body[:r.randrange(2, len(body))])
