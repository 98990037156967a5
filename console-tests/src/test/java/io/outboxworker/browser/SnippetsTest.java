package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Page;
import io.outboxworker.browser.Endpoints.Arrival;
import io.outboxworker.testing.Shop;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the console gives people to copy works: each snippet judges a request that really came. */
final class SnippetsTest {
  /** The secret, the body, and what the snippet has to say of them. */
  private static final List<List<String>> CASES =
      List.of(
          List.of(Shop.SECRET, "", "true"),
          List.of(Shop.SECRET, " ", "false"),
          List.of("another secret of sixteen bytes", "", "false"));

  private static Stand stand;
  private static Page page;
  private static Arrival arrival;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    stand = new Stand();
    page = stand.signIn(stand.newPage());
    stand.subscribe("snippet.test", "/snippet");
    stand.shop().publish("snippet.test", "{\"text\":\"it's $HOME `id` \\\\ \\\"quoted\\\" é\"}");
    stand.go(page, "deliveries?event=snippet.test");
    var row = page.locator("[data-row]").first();
    assertThat(row.locator(".chip")).hasText("Delivered");
    row.locator("a").click();
    arrival = stand.endpoints().arrivals("/snippet").getFirst();
  }

  @AfterAll
  static void stop() {
    if (stand != null) {
      stand.close();
    }
  }

  @Test
  void the_shell_script_sends_it_again_with_signatures_that_fit() throws Exception {
    page.getByText("Send it by hand").click();
    String script = page.locator(".panel pre").textContent();
    assertThat(run(List.of("sh", "-c", script), Shop.SECRET)).contains("200 OK");
    Arrival repeated = stand.endpoints().arrivals("/snippet").getLast();
    assertThat(repeated).isNotSameAs(arrival);
    assertThat(repeated.body()).isEqualTo(arrival.body());
    for (String same : List.of("x-signature", "webhook-id", "content-type", "x-webhook-event")) {
      assertThat(repeated.headers().get(same)).as(same).isEqualTo(arrival.headers().get(same));
    }
    assertThat(repeated.headers().get("webhook-signature"))
        .isEqualTo(Signed.standard(Shop.SECRET, repeated.headers(), repeated.body()));
  }

  @Test
  void the_python_snippet_tells_the_genuine_from_the_forged() throws Exception {
    String ending =
        """

        import os, sys
        headers = dict(pair.split("=", 1) for pair in sys.argv[2:])
        print(str(is_genuine(os.environ["WEBHOOK_SECRET"], headers, sys.argv[1].encode())).lower())
        """;
    judge("Python", "python3", ending, "verify.py");
  }

  @Test
  void the_node_snippet_tells_the_genuine_from_the_forged() throws Exception {
    String ending =
        """

        const [body, ...pairs] = process.argv.slice(2);
        const headers = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s)));
        console.log(isGenuine(process.env.WEBHOOK_SECRET, headers, Buffer.from(body)));
        """;
    judge("Node.js", "node", ending, "verify.mjs");
  }

  @Test
  void the_java_snippet_tells_the_genuine_from_the_forged() throws Exception {
    Path source = Files.writeString(folder.resolve("Webhooks.java"), snippet("Java"));
    assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, source.toString()))
        .isZero();
    try (var classes = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      var method =
          classes
              .loadClass("Webhooks")
              .getDeclaredMethod("isGenuine", String.class, Function.class, byte[].class);
      method.setAccessible(true);
      Function<String, String> header = name -> arrival.headers().getOrDefault(name, "");
      for (List<String> one : CASES) {
        byte[] body = (arrival.body() + one.get(1)).getBytes(UTF_8);
        assertThat(method.invoke(null, one.get(0), header, body)).hasToString(one.get(2));
      }
    }
  }

  @Test
  void the_go_snippet_tells_the_genuine_from_the_forged() throws Exception {
    assumeTrue(isInstalled("go"), "SKIPPED: no go on the PATH");
    Files.createDirectories(folder.resolve("webhooks"));
    Files.writeString(folder.resolve("go.mod"), "module check\n\ngo 1.20\n");
    Files.writeString(folder.resolve("webhooks/verify.go"), snippet("Go"));
    Files.writeString(
        folder.resolve("main.go"),
        """
        package main

        import (
        	"check/webhooks"
        	"fmt"
        	"net/http"
        	"os"
        	"strings"
        )

        func main() {
        	header := http.Header{}
        	for _, pair := range os.Args[2:] {
        		name, value, _ := strings.Cut(pair, "=")
        		header.Set(name, value)
        	}
        	fmt.Println(webhooks.IsGenuine(os.Getenv("WEBHOOK_SECRET"), header, []byte(os.Args[1])))
        }
        """);
    run(List.of("go", "build", "-o", "check", "."), "");
    judgeWith(List.of(folder.resolve("check").toString()));
  }

  private void judge(String language, String command, String ending, String file) throws Exception {
    assumeTrue(isInstalled(command), "SKIPPED: no " + command + " on the PATH");
    Path source = Files.writeString(folder.resolve(file), snippet(language) + ending);
    judgeWith(List.of(command, source.toString()));
  }

  private void judgeWith(List<String> command) throws Exception {
    for (List<String> one : CASES) {
      List<String> whole =
          Stream.of(
                  command.stream(),
                  Stream.of(arrival.body() + one.get(1)),
                  arrival.headers().entrySet().stream().map(h -> h.getKey() + "=" + h.getValue()))
              .flatMap(part -> part)
              .toList();
      assertThat(run(whole, one.get(0)).strip()).isEqualTo(one.get(2));
    }
  }

  private static String snippet(String language) {
    page.getByText("Verify it").click();
    page.getByText(language, new Page.GetByTextOptions().setExact(true)).click();
    return page.locator("outbox-tabs outbox-tabs pre").textContent();
  }

  private String run(List<String> command, String secret) throws Exception {
    var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().put("WEBHOOK_SECRET", secret);
    builder.environment().put("GOFLAGS", "-mod=mod");
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private static boolean isInstalled(String command) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(path -> Files.isExecutable(Path.of(path, command)));
  }
}
