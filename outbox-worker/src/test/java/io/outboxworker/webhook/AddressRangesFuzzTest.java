package io.outboxworker.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The classifier against a second one that was written from the registries of IANA in another way:
 * intervals of numbers and hexadecimal text where the first has masks of bytes.
 */
class AddressRangesFuzzTest {
  private static final long SEED = 20_240_214;
  private static final int ROUNDS = Integer.getInteger("fuzz.rounds", 100_000);

  private static final List<Block> SPECIAL_IPV4 =
      blocks(
          // The registry of special-purpose IPv4 addresses, whole.
          "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12"
              + " 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24"
              + " 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24"
              + " 240.0.0.0/4"
              // Multicast, and a cloud's host that looks public.
              + " 224.0.0.0/4 168.63.129.16/32");
  private static final List<Block> SPECIAL_IPV6 =
      blocks("2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20");
  private static final List<Block> UNICAST_IPV6 = blocks("2000::/3");
  private static final List<Block> NEVER =
      blocks(
          "169.254.0.0/16 168.63.129.16/32 100.100.100.200/32 192.0.0.192/32 fe80::/10"
              + " fd00:ec2::/32 fd20:ce::254/128 fd00:42::42/128");

  private final Random random = new Random(SEED);
  private int isPublic;
  private int isNever;

  @Test
  void both_classifiers_agree_on_random_addresses_edges_and_wrapped_ones() throws Exception {
    List<byte[]> edges = edges();
    for (int round = 0; round < ROUNDS; round++) {
      byte[] address = round < edges.size() ? edges.get(round) : random();
      InetAddress judged = InetAddress.getByAddress(address);
      // A mapped IPv4 address becomes IPv4 on its way into the JDK, so that is what is judged.
      String hex = HexFormat.of().formatHex(judged.getAddress());
      assertThat(AddressRanges.isPublic(judged))
          .as("public %s", judged)
          .isEqualTo(secondPublic(hex));
      assertThat(AddressRanges.isNeverOpen(judged))
          .as("never open %s", judged)
          .isEqualTo(secondNever(hex));
      isPublic += AddressRanges.isPublic(judged) ? 1 : 0;
      isNever += AddressRanges.isNeverOpen(judged) ? 1 : 0;
    }
    // Nothing is proved by addresses that are all of one kind.
    assertThat(isPublic).isBetween(ROUNDS / 10, ROUNDS * 9 / 10);
    assertThat(isNever).isGreaterThan(ROUNDS / 100);
  }

  private static boolean secondPublic(String hex) {
    if (hex.length() == 8) {
      return SPECIAL_IPV4.stream().noneMatch(block -> block.holds(hex));
    }
    return UNICAST_IPV6.get(0).holds(hex)
        && SPECIAL_IPV6.stream().noneMatch(block -> block.holds(hex))
        && inside(hex).stream().allMatch(AddressRangesFuzzTest::secondPublic);
  }

  private static boolean secondNever(String hex) {
    return NEVER.stream().anyMatch(block -> block.holds(hex))
        || (hex.length() == 32
            && inside(hex).stream().anyMatch(AddressRangesFuzzTest::secondNever));
  }

  private static List<String> inside(String hex) {
    List<String> found = new ArrayList<>();
    String last = hex.substring(24);
    if (hex.matches("0{24}.{8}|0{16}ffff0000.{8}|0064ff9b0{16}.{8}|.{16}0[02]005efe.{8}")) {
      found.add(last);
    }
    if (hex.startsWith("2002")) {
      found.add(hex.substring(4, 12));
    }
    if (hex.startsWith("20010000")) {
      found.add(hex.substring(8, 16));
      found.add("%08x".formatted(~Integer.parseUnsignedInt(last, 16)));
    }
    if (hex.startsWith("0064ff9b0001")) {
      found.add(hex.substring(12, 16) + hex.substring(18, 22));
      found.add(hex.substring(14, 16) + hex.substring(18, 24));
      found.add(hex.substring(18, 26));
      found.add(last);
    }
    return found;
  }

  private List<byte[]> edges() {
    List<byte[]> edges = new ArrayList<>();
    for (List<Block> blocks : List.of(SPECIAL_IPV4, SPECIAL_IPV6, UNICAST_IPV6, NEVER)) {
      for (Block block : blocks) {
        for (BigInteger edge :
            List.of(
                block.first.subtract(BigInteger.ONE),
                block.first,
                block.last,
                block.last.add(BigInteger.ONE))) {
          if (edge.signum() >= 0 && edge.bitLength() <= block.digits * 4) {
            edges.add(bytes(edge, block.digits));
          }
        }
      }
    }
    return edges;
  }

  private byte[] random() {
    return switch (random.nextInt(6)) {
      case 0, 1 -> ipv4();
      case 2 -> ipv6("");
      case 3 ->
          ipv6(
              List.of("2", "3", "2001", "2606", "fd00", "fe8", "64ff9b0001")
                  .get(random.nextInt(7)));
      default -> wrapped(HexFormat.of().formatHex(ipv4()));
    };
  }

  /** Half of them are at home in a special block, or just beside one. */
  private byte[] ipv4() {
    if (random.nextBoolean()) {
      return bytes(new BigInteger(32, random), 8);
    }
    Block block = SPECIAL_IPV4.get(random.nextInt(SPECIAL_IPV4.size()));
    BigInteger size = block.last.subtract(block.first).add(BigInteger.TWO);
    BigInteger at = block.first.add(new BigInteger(32, random).mod(size));
    return bytes(at.min(BigInteger.TWO.pow(32).subtract(BigInteger.ONE)), 8);
  }

  private byte[] ipv6(String start) {
    StringBuilder hex = new StringBuilder(start);
    while (hex.length() < 32) {
      hex.append(Integer.toHexString(random.nextInt(16)));
    }
    return HexFormat.of().parseHex(hex);
  }

  private byte[] wrapped(String v4) {
    String zeros = "0".repeat(32);
    String hex =
        switch (random.nextInt(9)) {
          case 0 -> zeros.substring(8) + v4;
          case 1 -> "0".repeat(16) + "ffff0000" + v4;
          case 2 -> "0064ff9b" + "0".repeat(16) + v4;
          case 3 -> "2002" + v4 + zeros.substring(12);
          case 4 -> "20010000" + v4 + "8000" + "0000" + inverted(v4);
          case 5 -> "2606470000000000" + (random.nextBoolean() ? "0000" : "0200") + "5efe" + v4;
          case 6 -> "0064ff9b0001" + v4.substring(0, 4) + "00" + v4.substring(4) + "0".repeat(10);
          case 7 -> "0064ff9b0001" + "0000" + "00" + v4 + "000000";
          default -> "0".repeat(20) + "ffff" + v4;
        };
    return HexFormat.of().parseHex(hex);
  }

  private static String inverted(String v4) {
    return "%08x".formatted(~Integer.parseUnsignedInt(v4, 16));
  }

  private static List<Block> blocks(String cidrs) {
    return List.of(cidrs.split(" ", -1)).stream().map(Block::of).toList();
  }

  private static byte[] bytes(BigInteger value, int digits) {
    return HexFormat.of()
        .parseHex("0".repeat(digits - value.toString(16).length()) + value.toString(16));
  }

  private record Block(BigInteger first, BigInteger last, int digits) {
    static Block of(String cidr) {
      String[] parts = cidr.split("/", -1);
      String hex = parts[0].contains(":") ? hexOfIpv6(parts[0]) : hexOfIpv4(parts[0]);
      BigInteger first = new BigInteger(hex, 16);
      int free = hex.length() * 4 - Integer.parseInt(parts[1]);
      return new Block(
          first, first.add(BigInteger.TWO.pow(free)).subtract(BigInteger.ONE), hex.length());
    }

    boolean holds(String hex) {
      BigInteger value = new BigInteger(hex, 16);
      return hex.length() == digits && value.compareTo(first) >= 0 && value.compareTo(last) <= 0;
    }

    private static String hexOfIpv4(String text) {
      StringBuilder hex = new StringBuilder();
      for (String octet : text.split("\\.", -1)) {
        hex.append("%02x".formatted(Integer.parseInt(octet)));
      }
      return hex.toString();
    }

    private static String hexOfIpv6(String text) {
      String[] halves = text.split("::", -1);
      String head = groups(halves[0]);
      String tail = groups(halves[1]);
      return head + "0".repeat(32 - head.length() - tail.length()) + tail;
    }

    private static String groups(String text) {
      StringBuilder hex = new StringBuilder();
      for (String group : text.isEmpty() ? new String[0] : text.split(":", -1)) {
        hex.append("0".repeat(4 - group.length())).append(group);
      }
      return hex.toString();
    }
  }
}
