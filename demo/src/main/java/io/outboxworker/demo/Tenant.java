package io.outboxworker.demo;

import java.util.UUID;

/** The two customers of the sample shop's software; their ids are the same in every run. */
enum Tenant {
  ACME("acme", "aaaaaaaa-0000-4000-8000-000000000001"),
  GLOBEX("globex", "bbbbbbbb-0000-4000-8000-000000000002");

  private final String shownName;
  private final UUID id;

  Tenant(String shownName, String id) {
    this.shownName = shownName;
    this.id = UUID.fromString(id);
  }

  UUID id() {
    return id;
  }

  @Override
  public String toString() {
    return shownName;
  }

  /** The tenant's name, or the beginning of the id of one that is not ours. */
  static String nameOf(UUID id) {
    for (Tenant tenant : values()) {
      if (tenant.id.equals(id)) {
        return tenant.shownName;
      }
    }
    return id.toString().substring(0, 6);
  }
}
