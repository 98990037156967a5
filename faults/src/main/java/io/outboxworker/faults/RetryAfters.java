package io.outboxworker.faults;

import java.io.IOException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Endpoints that refuse the first attempt with 429 or 503 and say in a Retry-After when to come
 * again, in each of its forms; they accept the second. What asks for days would hold the run up for
 * an hour.
 */
final class RetryAfters {
  private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
  private static final Duration ASKED = Duration.ofSeconds(5);

  /** What the receivers' own clock may be off between two arrivals. */
  private static final Duration TOLERANCE = Duration.ofMillis(20);

  /** A date has whole seconds, and the machine is busy with all the others. */
  private static final Duration LATE = Duration.ofMillis(2_500);

  private record Form(String name, Supplier<String> value, Duration delay) {}

  private static final List<Form> FORMS =
      List.of(
          new Form("seconds", () -> "5", ASKED),
          new Form("date", RetryAfters::aDate, ASKED),
          new Form("zero", () -> "0", FIRST_DELAY),
          new Form("negative", () -> "-1", FIRST_DELAY),
          new Form("words", () -> "soon", FIRST_DELAY));

  private final Map<String, Duration> delays = new LinkedHashMap<>();

  private static String aDate() {
    // Cut to a second it is five to six seconds away.
    return ZonedDateTime.now(ZoneOffset.UTC)
        .plus(ASKED)
        .plusSeconds(1)
        .format(DateTimeFormatter.RFC_1123_DATE_TIME);
  }

  void open(Zoo zoo) throws IOException {
    for (int status : new int[] {429, 503}) {
      for (Form form : FORMS) {
        String name = "retry-after-%s-%d".formatted(form.name, status);
        delays.put(Zoo.path(name), form.delay);
        zoo.receive(
            name,
            new Zoo.Expected(true, 2),
            visit -> {
              while (visit.readJudged(attempt -> attempt == 1 ? status : 200)) {
                visit.write(visit.attempt() == 1 ? refusal(status, form.value.get()) : Zoo.OK);
              }
            });
      }
    }
  }

  private static String refusal(int status, String retryAfter) {
    return "HTTP/1.1 %d Later\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"
        .formatted(status, retryAfter);
  }

  /** The second attempt comes when it was asked for, or as usual where nothing sensible was. */
  void judge(Stage stage) {
    Map<String, Map<UUID, List<Receipt>>> posts =
        stage.receipts().stream()
            .filter(post -> delays.containsKey(post.path()))
            .collect(
                Collectors.groupingBy(Receipt::path, Collectors.groupingBy(Receipt::delivery)));
    Duration most = LATE.multipliedBy(stage.plan().patience());
    delays.forEach((path, delay) ->
        posts.getOrDefault(path, Map.of()).values().stream()
            .filter(ofOne -> ofOne.size() == 2)
            .mapToLong(ofOne -> Math.abs(ofOne.get(1).at() - ofOne.get(0).at()))
            .forEach(gap ->
                stage.expect(
                    gap >= delay.minus(TOLERANCE).toMillis() && gap <= delay.plus(most).toMillis(),
                    "%s: the second attempt after %s, was %d ms".formatted(path, delay, gap))));
  }
}
