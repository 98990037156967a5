package io.outboxworker.webhook;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What was seen of one attempt; every text in it may be shown to the subscription's owner. */
public sealed interface Outcome {
  /** From the start of the attempt, before DNS, to its end. */
  Duration took();

  /** The HTTP status, null where none arrived. */
  @Nullable Integer status();

  /** The first 16 KiB of the answer's body, decoded leniently; null where no status arrived. */
  @Nullable String answer();

  /** Why the attempt did not succeed, in a short sentence; null where it did. */
  @Nullable String error();

  /** The {@code reason} of {@code webhook_retries_total}; null where there is nothing to retry. */
  @Nullable String retryReason();

  /** A 2xx status line arrived in time. */
  record Accepted(Duration took, Integer status, String answer) implements Outcome {
    @Override
    public @Nullable String error() {
      return null;
    }

    @Override
    public @Nullable String retryReason() {
      return null;
    }
  }

  /** Another status arrived in time; a 429 or 503 may ask for a pause, of 1 hour at most. */
  record Refused(
      Duration took, Integer status, String answer, String error, @Nullable Duration retryAfter)
      implements Outcome {
    @Override
    public String retryReason() {
      if (status == 429) {
        return "rate_limited";
      }
      return switch (status / 100) {
        case 3 -> "redirect";
        case 4 -> "client_error";
        case 5 -> "server_error";
        default -> "bad_response";
      };
    }
  }

  /** No usable status line arrived. */
  record Unreachable(Duration took, Reason reason, String error) implements Outcome {
    @Override
    public @Nullable Integer status() {
      return null;
    }

    @Override
    public @Nullable String answer() {
      return null;
    }

    @Override
    public String retryReason() {
      return reason.label();
    }
  }

  /** The target is forbidden: nothing was sent, and nothing is gained by trying again. */
  record Blocked(Duration took, String error) implements Outcome {
    @Override
    public @Nullable Integer status() {
      return null;
    }

    @Override
    public @Nullable String answer() {
      return null;
    }

    @Override
    public @Nullable String retryReason() {
      return null;
    }
  }

  /** Why there was no status. */
  enum Reason {
    TIMEOUT,
    CONNECTION_ERROR,
    DNS_ERROR,
    TLS_ERROR,
    BAD_RESPONSE;

    /** The word for it in metrics, such as {@code dns_error}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
