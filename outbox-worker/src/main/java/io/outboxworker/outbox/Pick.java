package io.outboxworker.outbox;

import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Which rows a fan-out takes. */
sealed interface Pick {
  /** The oldest from this id on; the id is a hint that spares dead index entries. */
  record Oldest(UUID from) implements Pick {}

  /** The newest, so that a quiet tenant needn't wait for the end of a flood. */
  record Newest() implements Pick {}

  /** The oldest from this id on of all tenants but these, which are flooding. */
  record Others(UUID from, Set<UUID> flooding) implements Pick {}

  /** Just these. */
  record These(List<UUID> ids) implements Pick {}
}
