package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import io.outboxworker.api.Tokens;
import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.SubscriptionSettings;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.RawReceiver;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Strings that must not get out go in everywhere; then logs, metrics and answers are searched. */
class CanaryTest {
  private static final String SECRET = "canary-of-the-secret-0001";
  private static final String PAYLOAD = "canary-of-the-payload-0002";
  private static final String HEADER = "canary-of-the-header-0003";
  private static final String QUERY = "canary-of-the-query-0004";
  private static final String ANSWER = "canary-of-the-answer-0005";
  private static final String WRONG_TOKEN = "whk_canary-of-the-token-0006";

  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final Level before = root.getLevel();
  private final Shop shop = new Shop();
  private final Workers workers = new Workers(shop);

  @BeforeEach
  void listen() {
    LoggerContext context = root.getLoggerContext();
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern("%level %logger %msg %kvp%n%ex{full}");
    encoder.start();
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.setOutputStream(log);
    appender.start();
    root.addAppender(appender);
    ((Logger) LoggerFactory.getLogger("io.outboxworker")).setLevel(Level.TRACE);
    root.setLevel(Level.INFO);
  }

  @AfterEach
  void close() {
    workers.close();
    root.detachAppender(appender);
    root.setLevel(before);
    ((Logger) LoggerFactory.getLogger("io.outboxworker")).setLevel(null);
    shop.close();
  }

  @Test
  void no_canary_is_found_in_logs_metrics_and_answers() throws IOException {
    String hostile = ANSWER + "\u001b[31m\r\nINFO forged line \u0085\u009b";
    List<String> answers = new ArrayList<>();
    String token = new Tokens(shop.jdbi()).create(shop.tenant(), "mine", null);
    try (RawReceiver failing = RawReceiver.answering(RawReceiver.response(500, hostile));
        RawReceiver moving =
            RawReceiver.answering(
                RawReceiver.response(
                    302, "", "Location: http://u:p@elsewhere/\u001b[1m?" + QUERY));
        RawReceiver garbage = RawReceiver.answering(hostile + "\r\n\r\n")) {
      for (RawReceiver receiver : List.of(failing, moving, garbage)) {
        subscribe("http://127.0.0.1:" + receiver.port() + "/hook?key=" + QUERY);
      }
      subscribe("http://127.0.0.1:1/refused?key=" + QUERY);
      var worker =
          workers.start(
              "OUTBOX_RETRY_DELAYS", "20ms",
              "OUTBOX_LOG_LEVEL", "debug");
      shop.publish("invoice.created", "{\"iban\":\"" + PAYLOAD + "\"}");
      await().atMost(30, TimeUnit.SECONDS).until(shop::isDone);
      try (ApiClient mine = ApiClient.with(worker, shop.tenant(), token);
          ApiClient wrong = ApiClient.with(worker, shop.tenant(), WRONG_TOKEN)) {
        answers.add(wrong.get("/subscriptions").raw().body());
        answers.add(
            mine.post(
                    "/subscriptions", "{'url': 'nonsense', 'event': '*', 'secret': 'canary-short'}")
                .raw()
                .body());
        answers.add(
            mine.post("/subscriptions", "{'url': 'ftp://u:" + QUERY + "@a.example/', 'event': '*'}")
                .raw()
                .body());
        answers.add(
            mine.post(
                    "/subscriptions",
                    "{'headers': {'Cookie': '"
                        + HEADER
                        + "'}, 'url': 'https://a.example/', 'event': '*'}")
                .raw()
                .body());
        answers.add(mine.post("/subscriptions", "{broken " + PAYLOAD).raw().body());
      }
      answers.add(workers.get(worker, "/metrics").body());
      answers.add(workers.get(worker, "/readyz").body());
      answers.add(workers.get(worker, "/nothing/" + QUERY).body());
    }
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.delivery_log where status = 'failed'"))
        .isEqualTo(4);
    String lines = log.toString(StandardCharsets.UTF_8);
    assertThat(lines).contains("worker is ready");
    for (String canary :
        List.of(SECRET, PAYLOAD, HEADER, QUERY, ANSWER, WRONG_TOKEN, token, "canary-short")) {
      assertThat(lines).as("log").doesNotContain(canary);
      assertThat(answers).as("answers").noneMatch(answer -> answer.contains(canary));
    }
    assertThat(lines).doesNotContain("forged line", "\u001b", "\u0085", "\u009b");
    assertThat(shop.database().texts("select last_error from webhooks.delivery_log"))
        .noneMatch(error -> error.chars().anyMatch(Character::isISOControl))
        .noneMatch(error -> error.contains(QUERY) || error.contains("u:p@"));
  }

  private void subscribe(String url) {
    var settings = SubscriptionSettings.of(url, "*");
    var withHeader =
        new SubscriptionSettings(
            url,
            "*",
            true,
            null,
            Map.of("X-Api-Key", HEADER),
            null,
            Duration.ofSeconds(2),
            null,
            null,
            false,
            settings.signature());
    shop.subscriptions().add(new NewSubscription(shop.tenant(), withHeader, SECRET));
  }
}
