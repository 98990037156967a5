package io.outboxworker.database;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Does for many rows at once what one of them may spoil for all. Whether a row is to blame is found
 * out and not read off its SQLSTATE, which a trigger may choose.
 */
public final class Halves<T> {
  private final Consumer<List<T>> step;
  private final BiConsumer<T, RuntimeException> spoilt;
  private boolean databaseWorks;

  private Halves(Consumer<List<T>> step, BiConsumer<T, RuntimeException> spoilt) {
    this.step = step;
    this.spoilt = spoilt;
  }

  /**
   * Runs the step with all rows. Where that fails although it works without any, it is run with one
   * half and the other, down to single rows: those that fail alone are told to {@code spoilt}.
   *
   * @param step a transaction of its own, which asks the database the same however many rows it has
   * @throws RuntimeException the step's, where the database is to blame; what was done until then
   *     stays done
   */
  public static <T> void run(
      List<T> rows, Consumer<List<T>> step, BiConsumer<T, RuntimeException> spoilt) {
    new Halves<>(step, spoilt).run(rows);
  }

  private void run(List<T> rows) {
    try {
      step.accept(rows);
    } catch (RuntimeException fault) {
      if (rows.isEmpty() || SqlFault.isOfDatabase(fault) || !databaseWorks()) {
        throw fault;
      }
      if (rows.size() == 1) {
        spoilt.accept(rows.get(0), fault);
        return;
      }
      int middle = rows.size() / 2;
      run(rows.subList(0, middle));
      run(rows.subList(middle, rows.size()));
    }
  }

  /** A table, a column or a right that is missing is missed without any row as well. */
  private boolean databaseWorks() {
    try {
      if (!databaseWorks) {
        step.accept(List.of());
        databaseWorks = true;
      }
    } catch (RuntimeException e) {
      return false;
    }
    return databaseWorks;
  }
}
