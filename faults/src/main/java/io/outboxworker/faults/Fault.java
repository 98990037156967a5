package io.outboxworker.faults;

import java.util.function.UnaryOperator;

/**
 * One way in which something breaks.
 *
 * @param name what it is called on the command line
 * @param what a line about it
 * @param allowedExtra POSTs of one delivery beyond its attempts that the promise allows: one for
 *     each time a lease can be lost
 * @param plan what it changes in how it is run
 * @param strike does it, while the writer writes, and checks what is particular to it
 */
record Fault(String name, String what, int allowedExtra, UnaryOperator<Plan> plan, Strike strike) {
  /** One that changes nothing in how it is run. */
  static Fault of(String name, String what, int allowedExtra, Strike strike) {
    return new Fault(name, what, allowedExtra, plan -> plan, strike);
  }

  /** Breaks something on the stage, and sets it right again. */
  interface Strike {
    void on(Stage stage) throws Exception;
  }
}
