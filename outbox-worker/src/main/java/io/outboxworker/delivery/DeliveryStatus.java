package io.outboxworker.delivery;

import java.util.Locale;

/** How far a delivery is: the first two are not final, the others are. */
public enum DeliveryStatus {
  PENDING,
  RETRYING,
  DELIVERED,
  FAILED;

  /** As tables, JSON and commands say it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean isFinal() {
    return this == DELIVERED || this == FAILED;
  }
}
