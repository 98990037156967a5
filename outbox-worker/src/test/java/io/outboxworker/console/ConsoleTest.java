package io.outboxworker.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ConsoleTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Pattern IMPORT =
      Pattern.compile("(?:\\bfrom|\\bimport)\\s*[\"']([^\"']+)[\"']");
  private static WebServer server;

  @BeforeAll
  static void start() {
    server = WebServer.builder().port(0).routing(r -> r.register(new Console())).build().start();
  }

  @AfterAll
  static void stop() {
    server.stop();
    HTTP.close();
  }

  @Test
  void every_answer_forbids_whatever_the_console_does_not_need() throws Exception {
    var page = get("/");
    String file = references(page.body()).getFirst();
    for (var answer : List.of(page, get(file))) {
      String policy = header(answer, "Content-Security-Policy");
      assertThat(policy).startsWith("default-src 'none'; ").contains("frame-ancestors 'none'");
      assertThat(policy).doesNotContain("*", "unsafe-", "data:", "http");
      assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(header(answer, "X-Frame-Options")).isEqualTo("DENY");
      assertThat(header(answer, "Referrer-Policy")).isEqualTo("no-referrer");
    }
  }

  @Test
  void the_only_inline_script_is_the_import_map_and_the_policy_names_its_hash() throws Exception {
    var page = get("/");
    String html = page.body();
    List<String> inline =
        Pattern.compile("<script(?![^>]*src=)[^>]*>(.*?)</script>", Pattern.DOTALL)
            .matcher(html)
            .results()
            .map(found -> found.group(1))
            .toList();
    assertThat(inline).hasSize(1);
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(inline.getFirst().getBytes(UTF_8));
    assertThat(header(page, "Content-Security-Policy"))
        .contains("script-src 'self' 'sha256-" + Base64.getEncoder().encodeToString(hash) + "'");
    assertThat(html).doesNotContainPattern("\\son[a-z]+=").doesNotContain("style=");
  }

  @Test
  void whatever_a_module_imports_is_there_and_nothing_comes_from_elsewhere() throws Exception {
    String html = get("/").body();
    Map<String, String> importMap = importMap(html);
    Set<String> waiting = new LinkedHashSet<>(references(html));
    Set<String> seen = new LinkedHashSet<>();
    while (!waiting.isEmpty()) {
      String address = waiting.iterator().next();
      waiting.remove(address);
      seen.add(address);
      var file = get(address);
      assertThat(file.statusCode()).as(address).isEqualTo(200);
      if (address.endsWith(".js")) {
        for (MatchResult found : IMPORT.matcher(file.body()).results().toList()) {
          if (found.group(1).startsWith("node:")) {
            continue; // in the text of a snippet for receivers
          }
          String target = resolve(address, found.group(1), importMap);
          if (!seen.contains(target)) {
            waiting.add(target);
          }
        }
      }
    }
    assertThat(seen).hasSizeGreaterThan(40).anyMatch(address -> address.contains("/lib/lit-html/"));
  }

  @Test
  void files_are_kept_for_ever_and_the_page_is_asked_for_again() throws Exception {
    var page = get("/");
    assertThat(header(page, "Cache-Control")).isEqualTo("no-cache");
    var again =
        HTTP.send(
            request("/").header("If-None-Match", header(page, "ETag")).build(),
            BodyHandlers.ofString());
    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
    assertThat(header(again, "Content-Security-Policy")).isNotEmpty();
    for (String address : references(page.body())) {
      assertThat(header(get(address), "Cache-Control"))
          .isEqualTo("public, max-age=31536000, immutable");
      assertThat(address).matches("/console/(lib/[a-z-]+/[0-9.]+|[0-9a-f]{12})/.*");
    }
  }

  @Test
  void a_browser_that_can_gets_it_compressed() throws Exception {
    var zipped =
        HTTP.send(
            request("/").header("Accept-Encoding", "deflate, gzip;q=0.8, br").build(),
            BodyHandlers.ofByteArray());
    assertThat(zipped.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(zipped.body())).readAllBytes())
        .isEqualTo(get("/").body().getBytes(UTF_8));
    var refused =
        HTTP.send(
            request("/").header("Accept-Encoding", "gzip;q=0").build(), BodyHandlers.ofString());
    assertThat(refused.headers().firstValue("Content-Encoding")).isEmpty();
  }

  @Test
  void head_answers_as_get_does_without_a_body() throws Exception {
    var head =
        HTTP.send(
            request("/").method("HEAD", HttpRequest.BodyPublishers.noBody()).build(),
            BodyHandlers.ofString());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(header(head, "Content-Length"))
        .isEqualTo("" + get("/").body().getBytes(UTF_8).length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/console/",
        "/console/index.html",
        "/console/lib/lit/",
        "/console/../../etc/passwd",
        "/console/%2e%2e/%2e%2e/etc/passwd",
        "/console/..%2f..%2fetc%2fpasswd",
        "/console/%00",
        "/console/lib/lit/3.3.2/development/index.js"
      })
  void an_address_that_names_no_file_of_the_list_is_not_found(String address) throws Exception {
    assertThat(get(address).statusCode()).isIn(400, 404);
  }

  @Test
  void no_template_makes_markup_of_a_value() {
    Map<String, byte[]> sources = Folder.read("console/", "index.html");
    assertThat(sources).hasSizeGreaterThan(40);
    sources.forEach((path, content) ->
        assertThat(new String(content, UTF_8))
            .as(path)
            .doesNotContain("unsafeHTML", "unsafe-html", "innerHTML", "unsafeSVG", "style=\"")
            .doesNotContainPattern("\\beval\\(|new Function|document\\.write"));
  }

  private static HttpRequest.Builder request(String address) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + address));
  }

  private static HttpResponse<String> get(String address) throws IOException, InterruptedException {
    return HTTP.send(request(address).build(), BodyHandlers.ofString());
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  /** What the page itself names. */
  private static List<String> references(String html) {
    return Pattern.compile("(?:href|src)=\"([^\"]+)\"")
        .matcher(html)
        .results()
        .map(found -> "/" + found.group(1))
        .toList();
  }

  private static Map<String, String> importMap(String html) {
    Map<String, String> names = new TreeMap<>();
    Pattern.compile("\"([^\"]+)\":\"\\.(/console/[^\"]+)\"")
        .matcher(html)
        .results()
        .forEach(found -> names.put(found.group(1), found.group(2)));
    return names;
  }

  private static String resolve(String importer, String name, Map<String, String> importMap) {
    if (name.startsWith(".")) {
      return URI.create(importer).resolve(name).getPath();
    }
    String mapped = importMap.get(name);
    if (mapped != null) {
      return mapped;
    }
    String folder =
        name.startsWith("@")
            ? name.replaceFirst("^(@[^/]+/[^/]+/).*", "$1")
            : name.replaceFirst("/.*", "/");
    assertThat(importMap).as(name).containsKey(folder);
    return importMap.get(folder) + name.substring(folder.length());
  }
}
