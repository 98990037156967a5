package io.outboxworker;

/**
 * One setting in effect: its name, its value with secrets masked ("" where it has none), its
 * origin.
 */
record Setting(String name, String shown, String origin) {

  static final String DEFAULT = "default";

  boolean given() {
    return !origin.equals(DEFAULT);
  }
}
