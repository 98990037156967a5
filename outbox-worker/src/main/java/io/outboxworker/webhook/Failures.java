package io.outboxworker.webhook;

import io.outboxworker.webhook.Outcome.Accepted;
import io.outboxworker.webhook.Outcome.Blocked;
import io.outboxworker.webhook.Outcome.Reason;
import io.outboxworker.webhook.Outcome.Unreachable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What it means that no status arrived. The texts are ours: the JDK's name addresses, or nothing.
 */
final class Failures {
  private Failures() {}

  static Outcome judge(@Nullable Throwable failure, Destination destination, Duration took) {
    if (destination.lookup() == Destination.Lookup.REFUSED) {
      return new Blocked(took, EndpointGuard.ADDRESS_NOT_ALLOWED);
    }
    if (failure != null && isForbiddenBody(failure)) {
      return new Accepted(took, 204, "");
    }
    return switch (destination.lookup()) {
      case UNKNOWN -> new Unreachable(took, Reason.DNS_ERROR, "host name could not be resolved");
      case TOO_SLOW ->
          new Unreachable(took, Reason.DNS_ERROR, "host name was not resolved in time");
      case OPEN, REFUSED -> new Unreachable(took, reason(failure), text(failure));
    };
  }

  /** {@code 500 ms} or {@code 10 s}. */
  static String seconds(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() + " ms";
  }

  /**
   * The JDK hides a 204 whose headers announce a body behind this exception. The status line stands
   * all the same, and the receiver has accepted.
   */
  private static boolean isForbiddenBody(Throwable failure) {
    IOException io = find(failure, IOException.class);
    return io != null
        && "unexpected content length header with 204 response".equals(io.getMessage());
  }

  private static Reason reason(@Nullable Throwable failure) {
    if (is(failure, Attempt.TimedOut.class) || is(failure, HttpTimeoutException.class)) {
      return Reason.TIMEOUT;
    }
    if (is(failure, SSLException.class)) {
      return Reason.TLS_ERROR;
    }
    if (is(failure, UnresolvedAddressException.class)) {
      return Reason.DNS_ERROR;
    }
    // Unchecked ones come from a header that the JDK could not read, such as an endless number.
    if (is(failure, ProtocolException.class) || is(failure, IllegalArgumentException.class)) {
      return Reason.BAD_RESPONSE;
    }
    return Reason.CONNECTION_ERROR;
  }

  private static String text(@Nullable Throwable failure) {
    return switch (reason(failure)) {
      case TIMEOUT ->
          is(failure, HttpTimeoutException.class)
              ? "no connection within " + seconds(Sender.CONNECT_TIMEOUT)
              : message(failure, Attempt.TimedOut.class);
      case DNS_ERROR -> "host name could not be resolved";
      case TLS_ERROR -> tlsText(failure);
      case BAD_RESPONSE -> "answer is not valid HTTP";
      case CONNECTION_ERROR -> connectionText(failure);
    };
  }

  private static String connectionText(@Nullable Throwable failure) {
    if (failure instanceof Attempt.Stopped || failure instanceof Attempt.Unsendable) {
      return String.valueOf(failure.getMessage());
    }
    if (!is(failure, ConnectException.class)) {
      return "connection closed before an answer came";
    }
    return message(failure, ConnectException.class).contains("refused")
        ? "connection refused"
        : "no connection";
  }

  private static String tlsText(@Nullable Throwable failure) {
    if (is(failure, CertificateExpiredException.class)) {
      return "TLS: certificate has expired";
    }
    if (is(failure, CertificateNotYetValidException.class)) {
      return "TLS: certificate is not valid yet";
    }
    String message = message(failure, SSLException.class);
    if (message.contains("PKIX path")) {
      return "TLS: certificate is not signed by a known authority";
    }
    if (message.contains("No subject alternative") || message.contains("No name matching")) {
      return "TLS: certificate is for another host name";
    }
    if (message.contains("nrecognized SSL message")) {
      return "TLS: endpoint does not speak TLS on this port";
    }
    return "TLS handshake failed";
  }

  private static boolean is(@Nullable Throwable failure, Class<? extends Throwable> type) {
    return find(failure, type) != null;
  }

  private static String message(@Nullable Throwable failure, Class<? extends Throwable> type) {
    Throwable found = find(failure, type);
    String message = found == null ? null : found.getMessage();
    return message == null ? "" : message;
  }

  private static <T extends Throwable> @Nullable T find(
      @Nullable Throwable failure, Class<T> type) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < 20; depth++) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
      cause = cause.getCause();
    }
    return null;
  }
}
