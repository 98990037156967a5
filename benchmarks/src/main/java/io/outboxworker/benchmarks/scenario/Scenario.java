package io.outboxworker.benchmarks.scenario;

import java.io.IOException;
import java.sql.SQLException;

/** One question that is measured in several rounds. */
public interface Scenario {
  /** Its name on the command line and in the table. */
  String name();

  /** Measures once. */
  void round(Bench bench, int round) throws IOException, SQLException, InterruptedException;
}
