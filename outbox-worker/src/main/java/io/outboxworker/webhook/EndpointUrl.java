package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint's URL taken apart by its form alone: the host in lower case and, where it is an
 * address, read as one; the port, which the scheme gives where the URL has none; and everything
 * that is wrong with the form. The parts mean something only where nothing is.
 */
record EndpointUrl(String host, int port, @Nullable InetAddress literal, List<String> faults) {
  private static final int MAX_LENGTH = 2048;
  private static final int SHOWN = 100;
  private static final Set<String> LOCAL_DOMAINS =
      Set.of("localhost", "localdomain", "local", "internal", "svc");

  /** Reads what somebody typed. */
  static EndpointUrl read(String text, boolean allowHttp) {
    if (text.length() > MAX_LENGTH) {
      return broken("url has %d characters, allowed are %d".formatted(text.length(), MAX_LENGTH));
    }
    try {
      return read(new URI(text), allowHttp);
    } catch (URISyntaxException e) {
      return broken(
          "url \"%s\" is not a URL (%s), allowed is one like https://example.com/hook"
              .formatted(shown(text), shown(e.getReason())));
    }
  }

  /** Reads a URL that was parsed before; nothing about it is trusted. */
  static EndpointUrl read(URI url, boolean allowHttp) {
    String rawHost = url.getHost();
    List<String> faults = new ArrayList<>(0);
    checkScheme(url, allowHttp, faults);
    checkExtras(url, faults);
    if (rawHost == null) {
      faults.add(noHost(url));
      return new EndpointUrl("", -1, null, faults);
    }
    int port =
        url.getPort() >= 0 ? url.getPort() : "http".equalsIgnoreCase(url.getScheme()) ? 80 : 443;
    if (port < 1 || port > 65535) {
      faults.add("port %d does not exist, allowed are 1 to 65535".formatted(port));
    }
    String host = rawHost.toLowerCase(Locale.ROOT);
    InetAddress literal = literal(host);
    if (literal == null) {
      checkName(host, faults);
    }
    return new EndpointUrl(host, port, literal, faults);
  }

  /** Whether the host is a name that only a private network gives a meaning to. */
  boolean isLocalName() {
    int dot = host.lastIndexOf('.');
    return literal == null && (dot < 0 || LOCAL_DOMAINS.contains(host.substring(dot + 1)));
  }

  private static EndpointUrl broken(String fault) {
    return new EndpointUrl("", -1, null, List.of(fault));
  }

  private static void checkScheme(URI url, boolean allowHttp, List<String> faults) {
    String scheme = url.getScheme();
    if ("https".equalsIgnoreCase(scheme) || (allowHttp && "http".equalsIgnoreCase(scheme))) {
      return;
    }
    faults.add(
        "scheme \"%s\" is not allowed, allowed %s"
            .formatted(
                scheme == null ? "" : shown(scheme),
                allowHttp ? "are https and http" : "is https"));
  }

  private static void checkExtras(URI url, List<String> faults) {
    String text = url.toString();
    if (text.length() > MAX_LENGTH) {
      faults.add("url has %d characters, allowed are %d".formatted(text.length(), MAX_LENGTH));
    }
    if (!text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      faults.add(
          "url \"%s\" has other characters than ASCII, allowed are percent-escapes and, in the"
                  .formatted(shown(text))
              + " host, xn-- names");
    }
    if (url.getRawUserInfo() != null) {
      faults.add("url carries a user name, allowed are custom headers for that");
    }
    if (url.getRawFragment() != null) {
      faults.add(
          "url has a fragment \"#%s\", allowed is none".formatted(shown(url.getRawFragment())));
    }
  }

  private static String noHost(URI url) {
    String authority = url.getRawAuthority();
    if (authority == null) {
      return "url has no host, allowed is one like https://example.com/hook";
    }
    // What stands before an @ may be a password.
    String host = authority.substring(authority.lastIndexOf('@') + 1);
    return ("host \"%s\" is not a host name, allowed are letters, digits, hyphens and dots, and a"
            + " port from 1 to 65535 after a colon")
        .formatted(shown(host));
  }

  private static @Nullable InetAddress literal(String host) {
    return host.startsWith("[")
        ? Literals.ipv6(host.substring(1, host.length() - 1))
        : Literals.ipv4(host);
  }

  private static void checkName(String host, List<String> faults) {
    if (host.startsWith("[")) {
      faults.add(
          "host \"%s\" is not an IPv6 address, allowed is one without a zone"
              .formatted(shown(host)));
    } else if (host.endsWith(".")) {
      faults.add(
          "host \"%s\" ends with a dot, allowed is the name without it".formatted(shown(host)));
    } else if (!isName(host)) {
      // A last label that begins with a digit is how 2130706433, 0x7f.1 and 0177.0.0.1 spell an
      // address.
      faults.add(
          "host \"%s\" is neither a host name nor a plain IPv4 address, allowed is one like example.com"
              .formatted(shown(host)));
    }
  }

  private static boolean isName(String host) {
    if (host.length() > 253) {
      return false;
    }
    int start = 0;
    while (true) {
      int dot = host.indexOf('.', start);
      int end = dot < 0 ? host.length() : dot;
      if (!isLabel(host, start, end)) {
        return false;
      }
      if (dot < 0) {
        return Character.isLetter(host.charAt(start));
      }
      start = dot + 1;
    }
  }

  private static boolean isLabel(String host, int start, int end) {
    if (end <= start
        || end - start > 63
        || host.charAt(start) == '-'
        || host.charAt(end - 1) == '-') {
      return false;
    }
    for (int i = start; i < end; i++) {
      char c = host.charAt(i);
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
        return false;
      }
    }
    return true;
  }

  private static String shown(String text) {
    String printable =
        text.codePoints()
            .limit(SHOWN)
            .map(c -> Character.isISOControl(c) ? '?' : c)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return printable.length() < text.length() ? printable + "…" : printable;
  }
}
