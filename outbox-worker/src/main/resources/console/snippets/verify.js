/**
 * How a receiver verifies what it gets, in four languages with nothing but their standard libraries: the signature of
 * Standard Webhooks, over id, time and body. docs/verifying.md has whole receivers, and the other form.
 */
export const VERIFY = {
  Python: `import base64, hashlib, hmac, time

def is_genuine(secret: str, headers, body: bytes) -> bool:
    """headers: any mapping with lower-case names; body: the raw bytes, before any parsing."""
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    sent_at = headers.get("webhook-timestamp", "")
    if not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > 300:
        return False
    signed = f'{headers.get("webhook-id", "")}.{sent_at}.'.encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(signature, expected) for signature in given)
`,
  'Node.js': `import {createHmac, timingSafeEqual} from 'node:crypto';

/** headers: as Node.js gives them; body: the raw Buffer, before any parsing. */
export function isGenuine(secret, headers, body) {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  const sentAt = headers['webhook-timestamp'] ?? '';
  if (!/^\\d+$/.test(sentAt) || Math.abs(Date.now() / 1000 - sentAt) > 300) return false;
  const mac = createHmac('sha256', key).update(\`\${headers['webhook-id']}.\${sentAt}.\`).update(body);
  const expected = Buffer.from('v1,' + mac.digest('base64'));
  return (headers['webhook-signature'] ?? '').split(' ').map((given) => Buffer.from(given))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
`,
  Java: `import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Webhooks {
  /** header: gives a header's value, "" where there is none; body: the raw bytes, before any parsing. */
  static boolean isGenuine(String secret, Function<String, String> header, byte[] body)
      throws GeneralSecurityException {
    byte[] key = secret.startsWith("whsec_")
        ? Base64.getDecoder().decode(secret.substring(6)) : secret.getBytes(UTF_8);
    String sentAt = header.apply("webhook-timestamp");
    if (!sentAt.matches("[0-9]{1,12}")
        || Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(sentAt)) > 300) {
      return false;
    }
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    mac.update((header.apply("webhook-id") + "." + sentAt + ".").getBytes(UTF_8));
    byte[] expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(UTF_8);
    return Arrays.stream(header.apply("webhook-signature").split(" "))
        .anyMatch(given -> MessageDigest.isEqual(given.getBytes(UTF_8), expected));
  }
}
`,
  Go: `package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// IsGenuine takes the raw body, before any parsing.
func IsGenuine(secret string, header http.Header, body []byte) bool {
	key := []byte(secret)
	if text, ok := strings.CutPrefix(secret, "whsec_"); ok {
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return false
		}
		key = decoded
	}
	sentAt, err := strconv.ParseInt(header.Get("webhook-timestamp"), 10, 64)
	if age := time.Now().Unix() - sentAt; err != nil || age > 300 || age < -300 {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "."))
	mac.Write(body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, given := range strings.Split(header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(given), []byte(expected)) {
			return true
		}
	}
	return false
}
`,
};
