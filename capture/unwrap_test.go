package capture

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// unwraps says what one header leads to, by the bytes that its specification gives it.
// A line is: what looks at it: the bytes, N*XX for N times the same = what is inside,
// @ the byte where that begins (and the one where it ends, if not with the last),
// and the places the packet was found to come from. "-" is nothing, "?" a name for
// what is not looked into, four digits are an EtherType.
//
// Each header stands there with nothing behind it and with one byte.
const unwraps = `
link 0: 02000000 = -
link 0: 02000000 45 = Raw@4
link 108: 02000000 = -
link 108: 02000000 45 = Raw@4
link 12: 45 = IPv4@0
link 14: 45 = IPv4@0
link 101: = -
link 101: 45 = IPv4@0
link 101: 60 = IPv6@0
link 101: 3f = -
link 101: 50 = -
link 101: 70 = -
link 1: 12*00 0800 = -
link 1: 12*00 0800 45 = 0800@14

# Token Ring, with a route and without
link 6: 15*00 = -
link 6: 16*00 = LLC@14
link 6: 8*00 7f 5*00 02 2*00 = LLC@14
link 6: 8*00 80 5*00 02 00 = -
link 6: 8*00 80 5*00 02 2*00 = LLC@16
link 6: 8*00 80 5*00 ff 31*00 = LLC@45

# FDDI, RFC 1483, IP over Fibre Channel, IEEE 1394, pflog
link 10: 13*00 = -
link 10: 14*00 = LLC@13
link 100: aa = LLC@0
link 122: 16*00 = -
link 122: 17*00 = LLC@16
link 138: 16*00 0800 = -
link 138: 16*00 0800 45 = 0800@18
link 117: = -
link 117: 00 = Raw@0
link 117: 3c 59*00 45 = Raw@60
link 117: 3d 63*00 = -
link 117: 3d 63*00 45 = Raw@64
link 117: 40 63*00 45 = Raw@64
link 117: 41 67*00 45 = Raw@68

# Linux cooked
link 113: 14*00 0800 = -
link 113: 14*00 0800 45 = 0800@16
link 276: 0800 18*00 = -
link 276: 0800 18*00 45 = 0800@20

link 240: 4*00 = -
link 240: 5*00 = Ethernet@4
link 274: 8*00 = -
link 274: 9*00 = Ethernet@8

# PPP, HDLC
link 9: 0f00 0800 = -
link 9: 0f00 0800 45 = 0800@4
link 9: 8f00 0800 45 = 0800@4
link 9: 8f01 0800 45 = -
link 9: 0d00 0800 45 = -
link 9: ff = -
link 9: ff03 = -
link 9: ff03 0021 45 = IPv4@4
link 9: ff03 21 45 = IPv4@3
link 9: ff04 21 45 = -
link 9: fe03 21 45 = -
link 9: 0021 45 = IPv4@2
link 9: 21 45 = IPv4@1
link 9: 0057 60 = IPv6@2
link 9: 0281 00011140 45 = IPv4@6 m17
link 9: 0283 00011140 45 = IPv4@6 m17
link 9: 0031 0000 45 = Ethernet@4
link 9: 31 0000 = -
link 9: fd = ?PPP, compressed
link 9: 00fd = ?PPP, compressed
link 9: 00 = -
link 9: 2d = ?PPP with compressed TCP
link 9: 002f = ?PPP with compressed TCP
link 9: c021 45 = -
link 50: ff03 0021 45 = IPv4@4
link 204: = -
link 204: 01 ff03 0021 45 = IPv4@5
link 104: 0f00 0800 = -
link 104: 0f00 0800 45 = 0800@4
link 205: = -
link 205: 01 0f00 0800 45 = 0800@5
link 51: 1100 0007 00 = -
link 51: 1100 0007 0010 = PPPoE@6 p7
link 51: 1101 0007 0010 = -

# Frame Relay: the address takes one to four bytes, or what is no address at all
link 107: 18 41 03 cc = -
link 107: 18 41 03 cc 45 = IPv4@4
link 107: 18 41 03 8e 60 = IPv6@4
link 107: 18 41 03 00 cc 45 = IPv4@5
link 107: 18 41 0800 = -
link 107: 18 41 0800 45 = 0800@4
link 107: 19 03 cc 45 = IPv4@3
link 107: 18 40 41 03 cc 45 = IPv4@5
link 107: 18 40 40 41 03 cc 45 = IPv4@6
link 107: 18 40 40 40 40 03 cc 45 = IPv4@7
link 107: 18 40 = -
link 206: = -
link 206: 01 18 41 03 cc 45 = IPv4@5

# MPLS
link 219: 00011140 = -
link 219: 00011140 45 = IPv4@4 m17
link 219: fffff140 45 = IPv4@4 m1048575
link 219: 00011140 4f = IPv4@4 m17
link 219: 00011140 44 = Ethernet@4 m17
link 219: 00011140 60 = IPv6@4 m17
link 219: 00011140 50 = Ethernet@4 m17
link 219: 00011040 00012140 = -
link 219: 00011040 00012140 45 = IPv4@8 m18
link 219: 31*00011040 00012140 45 = IPv4@128 m18
link 219: 32*00011040 00012140 45 = -
link 219: 00011140 16*00 0800 = Ethernet@4 m17
link 219: 00011140 16*00 0800 45 = Ethernet@8 m17
link 219: 00011140 16*00 05dc 45 = Ethernet@4 m17
link 219: 00011140 16*00 05dd 45 = Ethernet@8 m17
link 219: 00011140 10 15*00 0800 45 = Ethernet@4 m17

# nflog: attributes, in the byte order of the machine
link 239: 020000 = -
link 239: 02000001 050009 = -
link 239: 02000001 0400 0900 = -
link 239: 02000001 0500 0900 45 = IPv4@8
link 239: 02000001 0500 0900 45 60 = IPv4@8:9
link 239: 02000001 0500 0980 45 = IPv4@8
link 239: 02000001 0300 0900 45 = -
link 239: 02000001 0005 0009 45 = IPv4@8
link 239: 02000001 0030 0009 45 = IPv4@8
link 239: 02000001 0000 0000 45 = -
link 239: 02000001 0500 0100 00 = -
link 239: 02000001 0500 0100 4*00 0500 0900 45 = IPv4@16
link 239: 02000001 0800 0100 4*00 0500 0900 45 = IPv4@16
link 239: 02000001 0900 0100 8*00 0500 0900 45 = IPv4@20
link 239: 02000001 0400 0100 0500 0900 45 = IPv4@12
link 239: 02000001 0004 0001 0005 0009 45 = IPv4@12

# PKTAP
link 258: 0c000000 4*00 010000 = -
link 258: 0c000000 4*00 01000000 = -
link 258: 0c000000 4*00 01000000 45 = Ethernet@12
link 149: 0c000000 4*00 01000000 45 = Ethernet@12
link 258: 0b000000 4*00 01000000 45 = -
link 258: 0c000000 4*00 ff7f0000 45 = -
link 258: 0c000000 4*00 01000000 19*61 = Ethernet@12
link 258: 0c000000 4*00 01000000 20*61 = Ethernet@12 20*i97
link 258: 00100000 4*00 01000000 4084*00 45 = Ethernet@4096 20*i0
link 258: 01100000 4*00 01000000 4085*00 45 = -

type 0800: 45 = IPv4@0
type 0800: 50 = -
type 86dd: 60 = IPv6@0
type 8100: f1 = -
type 8100: f123 = - v291
type 8100: f123 0800 = - v291
type 8100: f123 0800 45 = 0800@4 v291
type 88a8: f123 0800 45 = 0800@4 v291
type 9100: f123 0800 45 = 0800@4 v291
type 9200: f123 0800 45 = 0800@4 v291
type 9300: f123 0800 45 = 0800@4 v291
type 8847: 00011140 45 = IPv4@4 m17
type 8848: 00011140 45 = IPv4@4 m17
type 8864: 1100 0007 0010 = PPPoE@6 p7
type 880b: 0021 45 = IPv4@2
type 6558: 00 = Ethernet@0
type 8926: 4*00 0800 45 = 0800@6
type f1c1: 4*00 0800 45 = 0800@6
type 893f: 6*00 0800 45 = 0800@8
type 8909: 6*00 0800 45 = 0800@8
type 88e7: 4*00 = -
type 88e7: 4*00 45 = Ethernet@4
type 88e5: 00 = ?MACsec
type 0000: 8*aa = LLC@0
type 0004: 8*aa = LLC@0
type 0005: 8*aa = LLC@0:5
type 05dc: 1501*aa = LLC@0:1500
type 05dc: 8*aa = LLC@0
type 05dd: 1501*aa = -

# NSH: how long it is stands in words
type 894f: 0001 0001 45 2*00 = -
type 894f: 0001 0001 45 3*00 = IPv4@4
type 894f: 0002 0001 4*00 = -
type 894f: 0002 0001 4*00 45 = IPv4@8
type 894f: ffc3 0001 8*00 45 = IPv4@12
type 894f: 0002 0002 4*00 60 = IPv6@8
type 894f: 0002 0003 4*00 00 = Ethernet@8
type 894f: 0002 0004 4*00 00 = 894f@8
type 894f: 0002 0005 4*00 00 = 8847@8
type 894f: 0002 0006 4*00 45 = -
type 894f: 0002 0000 4*00 45 = -
type 894f: 4000 0001 4*00 45 = -

# IEEE 802.2, SNAP, NLPID
llc: aaaa = -
llc: 060603 = -
llc: 060603 45 = IPv4@3
llc: 060703 45 = -
llc: aaab03 000000 0800 45 = -
llc: aaaa03 000000 0800 = -
llc: aaaa03 000000 0800 45 = 0800@8
llc: aaaa03 0000f8 0800 45 = 0800@8
llc: aaaa03 0000f7 0800 45 = -
llc: aaaa03 0000f9 0800 45 = -
llc: aaaa03 000001 0800 45 = -
llc: aaaa03 000100 0800 45 = -
llc: aaaa03 010000 0800 45 = -
llc: aaaa03 0080c2 00 = -
llc: aaaa03 0080c2 0001 0000 = -
llc: aaaa03 0080c2 0001 0000 00 = Ethernet@10
llc: aaaa03 0080c2 0007 0000 00 = Ethernet@10
llc: aaaa03 0080c2 0000 0000 00 = -
llc: aaaa03 0080c2 0002 0000 00 = -
llc: aaaa03 0080c2 0006 0000 00 = -
llc: aaaa03 0080c2 0008 0000 00 = -
llc: aaaa03 0180c2 0001 0000 00 = -
llc: aaaa03 0081c2 0001 0000 00 = -
llc: aaaa03 0080c3 0001 0000 00 = -
llc: fefe03 cc = -
llc: fefe03 cc 45 = IPv4@4
llc: fefe03 8e 60 = IPv6@4
llc: fefe03 cf 21 45 = IPv4@5
llc: fefe03 80 000000 08 = -
llc: fefe03 80 000000 0800 = -
llc: fefe03 80 000000 0800 45 = 0800@9
llc: fefe03 80 00 = -
llc: fefe03 80 000001 0800 45 = -
llc: fefe03 80 000100 0800 45 = -
llc: fefe03 80 010000 0800 45 = -
llc: fefe03 81 000000 0800 45 = -

ip 6: 00 = TCP@0
ip 4: 45 = IPv4@0
ip 41: 60 = IPv6@0
ip 94: 45 = IPv4@0
ip 17: 9c40 ca6c 4*00 = -
ip 17: 9c40 ca6c 4*00 00 = ?WireGuard
ip 17: ca6c 9c40 4*00 00 = ?WireGuard
ip 136: 9c40 ca6c 4*00 00 = ?WireGuard
ip 1: 45 = -
ip 137: 00011140 45 = IPv4@4 m17
ip 97: 3000 = -
ip 97: 3000 45 = Ethernet@2
ip 51: 0600 9*00 = -
ip 51: 0600 10*00 = TCP@8
ip 51: 0604 22*00 = -
ip 51: 0604 22*00 45 = TCP@24
ip 108: 00 = ?IPComp
ip 55: 00 = ?IP with minimal

# GRE: sum, routes, key, sequence and acknowledgment numbers
ip 47: 000008 = -
ip 47: 0000 0800 = -
ip 47: 0000 0800 45 = 0800@4
ip 47: 8000 0800 4*00 45 = 0800@8
ip 47: 1000 0800 4*00 45 = 0800@8
ip 47: 0080 0800 45 = 0800@4
ip 47: 2000 0800 000000 = -
ip 47: 2000 0800 00000007 = - g7
ip 47: 2000 0800 01234567 45 = 0800@8 g19088743
ip 47: a000 0800 4*00 00000007 45 = 0800@12 g7
ip 47: 2000 6558 01234567 45 = 6558@8 g74565
ip 47: 2002 0800 01234567 45 = 0800@8 g19088743
ip 47: 2001 880b 00100007 45 = 880b@8 g7
ip 47: 0081 880b 4*00 45 = 880b@8
ip 47: 8001 880b 45 = 880b@4
ip 47: 4001 880b 45 = 880b@4
ip 47: 4000 0800 4*00 00000000 45 = 0800@12
ip 47: 4000 0800 4*00 00000004 4*01 00000000 45 = 0800@20
ip 47: 4000 0800 4*00 00000000 = -
ip 47: 4000 0800 4*00 000000 = 0800@8
ip 47: c000 0800 4*00 00000000 45 = 0800@12
ip 47: 0000 883e 45 = IPv4@4
ip 47: 0000 883e 4*00 45 = IPv4@8
ip 47: 0000 883e 2*00 = -

# ERSPAN
ip 47: 0000 88be 45 = Ethernet@4
ip 47: 1000 88be 4*00 1000 fc07 4*00 = - e7
ip 47: 1000 88be 4*00 1000 fc07 4*00 45 = Ethernet@16 e7
ip 47: 0000 22eb 0000 fc07 3*00 = -
ip 47: 0000 22eb 0000 fc07 4*00 = Ethernet@4 e7
ip 47: 0000 22eb 2000 fc07 7*00 = - e7
ip 47: 0000 22eb 2000 fc07 8*00 = - e7
ip 47: 0000 22eb 2000 fc07 8*00 45 = Ethernet@16 e7
ip 47: 0000 22eb 2000 fc07 6*00 0002 45 = Ethernet@16 e7
ip 47: 0000 22eb 2000 fc07 6*00 0001 8*00 = - e7
ip 47: 0000 22eb 2000 fc07 6*00 0001 8*00 45 = Ethernet@24 e7
ip 47: 0000 22eb 2000 fc07 6*00 0800 45 = Raw@16 e7
ip 47: 0000 22eb 2000 fc07 6*00 8800 45 = Raw@16 e7
ip 47: 0000 22eb 2000 fc07 6*00 0c00 45 = Ethernet@16 e7
ip 47: 0000 22eb 2000 fc07 6*00 0400 45 = Ethernet@16 e7

# L2TPv3: behind a cookie of no, four or eight bytes, and a sublayer or none
ip 115: 000001 = -
ip 115: 00000001 4*00 12*00 0800 = -
ip 115: 00000001 4*00 12*00 0800 45 = Ethernet@8
ip 115: 00000000 4*00 12*00 0800 45 = -
ip 115: 00000001 12*00 0800 = -
ip 115: 00000001 12*00 0800 45 = Ethernet@4
ip 115: 00000001 8*00 12*00 86dd = -
ip 115: 00000001 8*00 12*00 86dd 45 = Ethernet@12
ip 115: 00000001 12*00 12*00 8100 = -
ip 115: 00000001 12*00 12*00 8100 45 = Ethernet@16
ip 115: 00000001 4*00 ff03 0021 45 12*00 = PPP@8
ip 115: 00000001 4*00 0021 45 14*00 = -
ip 115: 00000001 4*00 ff03 c021 45 12*00 = -

# ESP that is not encrypted, with each length of its check value
ip 50: 8*00 45000014 16*00 00 04 = IPv4@8:28
ip 50: 8*00 45000014 16*00 00 04 12*00 = IPv4@8:28
ip 50: 8*00 45000014 16*00 00 04 16*00 = IPv4@8:28
ip 50: 8*00 45000014 16*00 00 04 20*00 = IPv4@8:28
ip 50: 8*00 45000014 16*00 00 04 24*00 = IPv4@8:28
ip 50: 8*00 45000014 16*00 00 04 32*00 = IPv4@8:28
ip 50: 8*00 45000014 16*00 00 04 11*00 = ?ESP
ip 50: 16*00 45000014 16*00 00 04 12*00 = IPv4@16:36
ip 50: 8*00 45000014 16*00 0102 02 04 12*00 = IPv4@8:28
ip 50: 8*00 45000014 16*00 0202 02 04 12*00 = ?ESP
ip 50: 8*00 45000014 16*00 0103 02 04 12*00 = ?ESP
ip 50: 8*00 45000013 15*00 00 04 12*00 = ?ESP
ip 50: 8*00 45000014 16*00 01 01 04 = IPv4@8:28
ip 50: 8*00 45000015 16*00 00 04 12*00 = ?ESP
ip 50: 8*00 55000014 16*00 00 04 12*00 = ?ESP
ip 50: 8*00 60000000 0000 34*00 00 29 12*00 = IPv6@8:48
ip 50: 8*00 60000000 0001 34*00 00 29 12*00 = ?ESP
ip 50: 8*00 50000000 0000 34*00 00 29 12*00 = ?ESP
ip 50: 8*00 60000000 0000 14*00 00 29 12*00 = ?ESP
ip 50: 8*00 12*00 5000 6*00 00 06 12*00 = TCP@8:28
ip 50: 8*00 12*00 5000 10*00 00 06 12*00 = TCP@8:32
ip 50: 8*00 12*00 4000 6*00 00 06 12*00 = ?ESP
ip 50: 8*00 12*00 6000 6*00 00 06 12*00 = ?ESP
ip 50: 8*00 12*00 6000 10*00 00 06 12*00 = TCP@8:32
ip 50: 8*00 12*00 5100 6*00 00 06 12*00 = TCP@8:28
ip 50: 8*00 12*00 5200 6*00 00 06 12*00 = ?ESP
ip 50: 8*00 12*00 5800 6*00 00 06 12*00 = ?ESP
ip 50: 8*00 12*00 503f 6*00 00 06 12*00 = TCP@8:28
ip 50: 8*00 12*00 5040 6*00 00 06 12*00 = ?ESP
ip 50: 8*00 12*00 5080 6*00 00 06 12*00 = ?ESP

# UDP: what the ports say, the destination's first
udp 51820: = -
udp 51820: 00 = ?WireGuard
udp 1194: 00 = ?OpenVPN
udp 443: 00 = ?QUIC
udp 30030: 8*00 = -
udp 30030: 8*00 45 = Raw@8
udp 4341: 8*00 = -
udp 4341: 8*00 45 = Raw@8
udp 6635: 00011140 45 = IPv4@4 m17
udp 4754: 0000 0800 45 = 0800@4
udp 4500: 00000000 00000001 = -
udp 4500: 00000001 000000 = -
udp 4500: 00000001 00000001 = ?UDP 4500
udp 4500: 00000001 4*00 45000014 16*00 00 04 12*00 = IPv4@8:28

udp 4789: 8*00 = -
udp 4789: 8*00 00 = Ethernet@8
udp 4789: 08000000 00002aff 45 = Ethernet@8 x42
udp 4789: f3000000 00002aff 45 = Ethernet@8
udp 8472: 08000000 00002a00 45 = Ethernet@8 x42
udp 4790: 0c000001 00002a00 45 = IPv4@8 x42
udp 4790: 0c000003 00002a00 45 = Ethernet@8 x42
udp 4790: 0c000000 00002a00 45 = - x42
udp 4790: 04000002 00002a00 60 = IPv6@8

udp 6081: 0000 6558 00002a = -
udp 6081: 0000 6558 00002aff = -
udp 6081: 0000 6558 00002aff 00 = 6558@8 n42
udp 6081: 0100 0800 00002a00 4*00 = -
udp 6081: 0100 0800 00002a00 4*00 45 = 0800@12 n42
udp 6081: 3f00 0800 00002a00 252*00 45 = 0800@260 n42
udp 6081: 4000 0800 00002a00 45 = -

udp 2152: 30ff 0001 000000 = -
udp 2152: 30ff 0001 00000063 = - t99
udp 2152: 30ff 0001 00000063 45 = IPv4@8 t99
udp 2152: 38ff 0001 00000063 60 = IPv6@8 t99
udp 2152: 30ff 0001 00000063 00 = Ethernet@8 t99
udp 2152: 50ff 0001 00000063 45 = -
udp 2152: 30fe 0001 00000063 45 = -
udp 2152: 31ff 0001 00000063 00000000 = - t99
udp 2152: 31ff 0001 00000063 00000000 45 = IPv4@12 t99
udp 2152: 32ff 0001 00000063 00000000 45 = IPv4@12 t99
udp 2152: 33ff 0001 00000063 00000085 45 = IPv4@12 t99
udp 2152: 34ff 0001 00000063 00000085 = - t99
udp 2152: 34ff 0001 00000063 00000000 45 = IPv4@12 t99
udp 2152: 34ff 0001 00000063 00000085 01000000 45 = IPv4@16 t99
udp 2152: 34ff 0001 00000063 00000085 00000000 45 = IPv4@16 t99
udp 2152: 34ff 0001 00000063 00000085 02000000 00000000 45 = IPv4@20 t99
udp 2152: 34ff 0001 00000063 00000085 01000085 01000000 45 = IPv4@20 t99
udp 2152: 34ff 0001 00000063 00000085 31*01000085 01000000 45 = IPv4@140 t99
udp 2152: 34ff 0001 00000063 00000085 32*01000085 01000000 45 = Ethernet@140 t99

udp 3544: 60 = IPv6@0
udp 3544: 50 = -
udp 3544: 0000 5*00 = -
udp 3544: 0000 6*00 = -
udp 3544: 0000 6*00 60 = IPv6@8
udp 3544: 0002 6*00 60 = -
udp 3544: 0100 6*00 60 = -
udp 3544: 000100 = -
udp 3544: 00010000 = -
udp 3544: 0001 0000 9*00 60 = IPv6@13
udp 3544: 0001 0203 14*00 60 = IPv6@18
udp 3544: 0101 0000 9*00 60 = -
udp 3544: 0001 0000 9*00 8*00 60 = IPv6@21

udp 37008: 0100 0001 = -
udp 37008: 0100 0001 01 = -
udp 37008: 0100 0001 01 45 = Ethernet@5
udp 37008: 0101 0001 01 45 = Ethernet@5
udp 37008: 0102 0001 01 45 = -
udp 37008: 0000 0001 01 45 = -
udp 37008: 0200 0001 01 45 = -
udp 37008: 0100 0012 01 45 = 802.11@5
udp 37008: 0100 0077 01 45 = Prism@5
udp 37008: 0100 007f 01 45 = AVS@5
udp 37008: 0100 0002 01 45 = -
udp 37008: 0100 0001 0000 01 45 = Ethernet@7
udp 37008: 0100 0001 0a00 01 45 = Ethernet@7
udp 37008: 0100 0001 0a01ff 01 45 = Ethernet@8
udp 37008: 0100 0001 0a = -
udp 37008: 0100 0001 0a01ff = -
udp 37008: 0100 0001 0a02ff = -
udp 37008: 0100 0001 0a02ffff = -

udp 1701: 0002 0001 00 = -
udp 1701: 0002 0001 0002 = - l65538
udp 1701: 0002 0001 0002 45 = PPP@6 l65538
udp 1701: 8002 0001 0002 45 = -
udp 1701: 0001 0001 0002 45 = -
udp 1701: 00f2 0001 0002 45 = PPP@6 l65538
udp 1701: 4002 0009 0001 00 = -
udp 1701: 4002 0009 0001 0002 = - l65538
udp 1701: 4002 0009 0001 0002 45 = PPP@8 l65538
udp 1701: 0802 0001 0002 4*00 = - l65538
udp 1701: 0802 0001 0002 4*00 45 = PPP@10 l65538
udp 1701: 0202 0001 0002 00 = - l65538
udp 1701: 0202 0001 0002 0000 = - l65538
udp 1701: 0202 0001 0002 0003 3*00 = - l65538
udp 1701: 0202 0001 0002 0003 3*00 45 = PPP@11 l65538
udp 1701: 00f3 0000 00000001 4*00 12*00 0800 45 = Ethernet@12

udp 6080: 45000000 = -
udp 6080: 45000000 00 = IPv4@0
udp 6080: 60000000 00 = IPv6@0
udp 6080: 0006 0000 = -
udp 6080: 0006 0000 00 = TCP@4
udp 6080: 0106 0000 4*00 = -
udp 6080: 0106 0000 4*00 00 = TCP@8
udp 6080: 1f06 0000 124*00 00 = TCP@128
udp 6080: 2006 0000 00 = -
udp 6080: 8006 0000 00 = -

udp 5247: 0110 0000 3*00 = -
udp 5247: 0110 0000 4*00 = ?CAPWAP
udp 5247: 0810 0000 4*00 = ?CAPWAP
udp 5247: 0010 0000 4*00 = -
udp 5247: 0010 0000 4*00 45 = Ethernet@8
udp 5247: f017 0000 4*00 45 = Ethernet@8
udp 5247: 000f 0000 4*00 45 = -
udp 5247: 0018 0000 8*00 45 = Ethernet@12
udp 5247: 0010 0100 4*00 45 = 802.11@8
udp 5247: 0010 fe00 4*00 45 = Ethernet@8
udp 5247: 0010 0080 4*00 45 = -
udp 5247: 0010 007f 4*00 45 = Ethernet@8

# UDP: what has no port of its own
udp 40001: 08000000 00002a00 14*00 = -
udp 40001: 08000000 00002a00 14*00 45 = Ethernet@8 x42
udp 40001: 08000000 00002a01 14*00 45 = -
udp 40001: 08000001 00002a00 14*00 45 = -
udp 40001: 60000000 0000 0000 20010000 12*00 16*00 = -
udp 40001: 60000000 0001 0000 20010000 12*00 16*00 00 = IPv6@0
udp 40001: 60000000 0001 0000 16*00 20010000 12*00 00 = IPv6@0
udp 40001: 60000000 0001 0000 16*00 20010001 12*00 00 = -
udp 40001: 60000000 0002 0000 20010000 12*00 16*00 00 = -
udp 40001: 50000000 0001 0000 20010000 12*00 16*00 00 = -
udp 40001: 16fefd 9*00 = -
udp 40001: 16fefd 10*00 = ?DTLS
udp 40001: 13fefd 10*00 = -
udp 40001: 14fefd 10*00 = ?DTLS
udp 40001: 17feff 10*00 = ?DTLS
udp 40001: 18fefd 10*00 = -
udp 40001: 16fdfd 10*00 = -
udp 40001: 16fefc 10*00 = -
udp 40001: c0 00000001 00 = -
udp 40001: c0 00000001 0000 = ?QUIC
udp 40001: ff 00000001 0000 = ?QUIC
udp 40001: 80 00000001 0000 = -
udp 40001: 40 00000001 0000 = -
udp 40001: c0 00000002 0000 = -
udp 40001: c0 6b3343cf 0000 = ?QUIC
udp 40001: c0 6b3343ce 0000 = -
udp 40001: c0 ff00001d 0000 = ?QUIC
udp 40001: c0 ff00011d 0000 = -
udp 40001: c0 51303436 0000 = ?QUIC
udp 40001: c0 52303436 0000 = -
udp 40001: 01000000 144*00 = ?WireGuard
udp 40001: 01000000 143*00 = -
udp 40001: 01000000 145*00 = -
udp 40001: 02000000 88*00 = ?WireGuard
udp 40001: 02000000 87*00 = -
udp 40001: 02000000 89*00 = -
udp 40001: 03000000 60*00 = -
udp 40001: 04000000 12*00 = -
udp 40001: 04000000 28*00 = ?WireGuard
udp 40001: 04000000 29*00 = -
udp 40001: 05000000 28*00 = -
udp 40001: 04010000 28*00 = -
udp 40001: 04000100 28*00 = -
udp 40001: 04000001 28*00 = -

# radiotap, Prism, AVS, PPI
link 127: 0000 0800 000000 = -
link 127: 0000 0800 00000000 = -
link 127: 0000 0800 00000000 08 = 802.11@8
link 127: 0100 0800 00000000 08 = -
link 127: 0000 0700 00000000 08 = -
link 127: 0000 0900 02000000 00 08 = 802.11@9
link 127: 0000 0900 02000000 20 08 = 802.11@9 padded
link 127: 0000 0900 02000000 40 08 = ?802.11, damaged
link 127: 0000 0900 01000000 40 08 = 802.11@9
link 127: 0000 0900 02000000 40 = -
link 127: 0000 0800 02000000 40 = 802.11@8
link 127: 0000 1100 03000000 8*00 40 08 = ?802.11, damaged
link 127: 0000 1100 03000000 7*00 4000 08 = 802.11@17
link 127: 0000 0d00 02000080 00000000 40 08 = ?802.11, damaged
link 127: 0000 1100 02000080 00000080 00000000 40 08 = ?802.11, damaged
link 127: 0000 1900 03000080 00000000 4*00 8*00 40 08 = ?802.11, damaged
link 127: 0000 0900 02000080 00 00 = 802.11@9
link 127: 0000 0c00 02000080 00000000 40 = 802.11@12
link 119: 44000000 080000 = -
link 119: 44000000 08000000 08 = 802.11@8
link 119: 44000000 08000000 = -
link 119: 44000000 07000000 00 08 = -
link 119: 44000000 09000000 00 08 = 802.11@9
link 119: 00000044 00000009 00 08 = 802.11@9
link 119: 44000000 00100000 4088*00 08 = 802.11@4096
link 119: 44000000 01100000 4089*00 08 = -
link 119: 00000044 00001000 4088*00 08 = 802.11@4096
link 119: 00000044 00001001 4089*00 08 = -
link 119: 80211001 00000009 00 08 = 802.11@9
link 163: 80211001 000000 = -
link 163: 80211001 00000007 00 08 = -
link 163: 80211001 00000008 08 = 802.11@8
link 163: 80211001 00001000 4088*00 08 = 802.11@4096
link 163: 80211001 00001001 4089*00 08 = -
link 192: 0000 0800 010000 = -
link 192: 0000 0800 01000000 = -
link 192: 0000 0800 01000000 45 = Ethernet@8
link 192: 0000 0700 01000000 45 = -
link 192: 0000 0900 69000000 00 08 = 802.11@9
link 192: 0100 0800 01000000 45 = -
link 192: 0000 0800 c0000000 45 = -
link 192: 0000 0800 ff7f0000 45 = -

# IEEE 802.11: data frames, and where their header ends
link 105: 0801 22*00 = -
link 105: 0801 22*00 aa = LLC@24
link 105: 0802 22*00 aa = LLC@24
link 105: 0803 28*00 = -
link 105: 0803 28*00 aa = LLC@30
link 105: 0001 22*00 aa = -
link 105: 0401 22*00 aa = -
link 105: 0c01 22*00 aa = -
link 105: 4801 22*00 aa = -
link 105: 0881 22*00 aa = LLC@24
link 105: 8801 22*00 00 = -
link 105: 8801 22*00 0000 = -
link 105: 8801 22*00 0000 aa = LLC@26
link 105: 8881 22*00 0000 4*00 aa = LLC@30
link 105: 8803 28*00 0000 aa = LLC@32
link 105: 0841 21*00 = -
link 105: 0841 22*00 = ?802.11, encrypted
link 105: 0805 22*00 aa = ?802.11, fragments
link 105: 0801 20*00 0100 aa = ?802.11, fragments
link 105: 0801 20*00 0800 aa = ?802.11, fragments
link 105: 0801 20*00 f0ff aa = LLC@24
link 105: 0801 22*00 aaaa03 = LLC@24
link 105: 0801 22*00 1*00 aaaa03 = LLC@24
link 105: 0801 22*00 2*00 aaaa03 = LLC@26
link 105: 0801 22*00 5*00 aaaa03 = LLC@24
link 105: 0801 22*00 6*00 aaaa03 = LLC@30
link 105: 0801 22*00 7*00 aaaa03 = LLC@24
link 105: 0801 22*00 11*00 aaaa03 = LLC@24
link 105: 0801 22*00 12*00 aaaa03 = LLC@36
link 105: 0801 22*00 18*00 aaaa03 = LLC@42
link 105: 0801 22*00 19*00 aaaa03 = LLC@24
padded: 0801 22*00 aa = LLC@24
padded: 8801 22*00 0000 0000 = -
padded: 8801 22*00 0000 0000 aa = LLC@28

# several packets in one frame
link 105: 8801 22*00 8000 12*00 0000 = -
link 105: 8801 22*00 8000 12*00 0000 aa = LLC@40:40
link 105: 8801 22*00 8000 12*00 0001 aa = LLC@40
link 105: 8801 22*00 8000 12*00 0009 aa = LLC@40
link 105: 8801 22*00 8000 12*00 0001 aa 00 12*00 0001 bb = LLC@40:41 and 1
link 105: 8801 22*00 8000 12*00 0002 aabb 12*00 0001 bb = LLC@40:42 and 1
link 105: 8801 22*00 8000 12*00 0003 aabbcc 3*00 12*00 0001 bb = LLC@40:43 and 1
link 105: 8801 22*00 7f00 12*00 0001 aa = LLC@26
`

func TestUnwrap(t *testing.T) {
	placed := regexp.MustCompile(`^(.*) (?:(\d+)\*)?([a-z])(\d+)$`)
	names := map[layers.LinkType]string{
		1: "Ethernet", 9: "PPP", 101: "Raw", 105: "802.11", 119: "Prism", 163: "AVS", 228: "IPv4", 229: "IPv6",
		linkLLC: "LLC", linkTCP: "TCP", linkPPPoverEthernet: "PPPoE", linkNone: "-",
	}
	for line := range strings.Lines(unwraps) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		by, rest, _ := strings.Cut(line, ":")
		in, expected, ok := strings.Cut(rest, "=")
		if expected = strings.TrimSpace(expected); !ok {
			t.Fatal(line)
		}
		var b []byte
		for _, word := range strings.Fields(in) {
			n := 1
			if times, what, ok := strings.Cut(word, "*"); ok {
				n, _ = strconv.Atoi(times)
				word = what
			}
			part, err := hex.DecodeString(word)
			if err != nil {
				t.Fatal(line, err)
			}
			b = append(b, slices.Repeat(part, n)...)
		}
		var d dissector
		var inner []byte
		var link layers.LinkType
		kind, number, _ := strings.Cut(by, " ")
		before := 0
		b = slices.Clip(b)
		switch n, _ := strconv.Atoi(number); kind {
		case "link":
			u := linkWrappings[layers.LinkType(n)]
			if u == nil {
				t.Errorf("%s: not known", line)
				continue
			}
			inner, link = u(&d, b)
		case "padded":
			d.wifiPad = true
			inner, link = d.inWiFi(b)
		case "llc":
			inner, link = d.inLLC(b)
		case "type":
			typ, _ := strconv.ParseUint(number, 16, 16)
			d.etherType = uint16(typ)
			inner, link = d.inEtherType(b)
		case "ip":
			inner, link = d.protocol(layers.IPProtocol(n), b)
		case "udp":
			before = 8
			b = slices.Clip(join(be16(40000), be16(n), be16(0), be16(0), b))
			inner, link = d.inUDP(b)
		}
		got := names[link]
		if link == linkEtherType {
			got = fmt.Sprintf("%04x", d.etherType)
		}
		if link != linkNone {
			at := cap(b) - cap(inner)
			got += fmt.Sprintf("@%d", at-before)
			if end := at + len(inner); end != len(b) {
				got += fmt.Sprintf(":%d", end-before)
			}
		} else if d.notRead != "" {
			got = "?" + d.notRead
		}
		if len(d.more) > 0 {
			got += fmt.Sprintf(" and %d", len(d.more))
		}
		if d.wifiPad {
			got += " padded"
		}
		// Places are numbers that nobody reads: they are made anew.
		var places place
		want := expected
		if m := placed.FindStringSubmatch(expected); m != nil {
			times, _ := strconv.Atoi(m[2])
			n, _ := strconv.ParseUint(m[4], 10, 32)
			for range max(1, times) {
				places = places.in(m[3][0], uint32(n))
			}
			want = m[1]
		}
		if strings.HasPrefix(want, "?") {
			got = got[:min(len(got), len(want))]
		}
		if got != want {
			t.Errorf("%s\n\tgot %s", line, got)
		} else if d.place != places {
			t.Errorf("%s: from another place", line)
		}
	}
}
