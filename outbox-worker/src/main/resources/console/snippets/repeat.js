const quoted = (text) => `'${String(text).replaceAll("'", String.raw`'\''`)}'`;

/** Signed anew each time; Content-Length and the like are curl's own work. */
const OWN = /^(x-signature.*|webhook-.*|content-length|host|connection|user-agent)$/i;

/**
 * A shell script that sends a delivery again by hand: it asks for the secret, signs with openssl and POSTs with curl.
 * In parentheses, because a shell then reads all of what was pasted before it asks.
 */
export function repeatInShell({id, event_id: event, url, payload, request_headers: headers}) {
  const sent = Object.entries(headers ?? {}).filter(([name]) => !OWN.test(name));
  const options = sent.map(([name, value]) => `    -H ${quoted(`${name}: ${value}`)} \\`).join('\n');
  return `( # Repeats delivery ${String(id).replace(/[^\w-]/g, '')}. Needs openssl and curl; set WEBHOOK_SECRET, or be asked for it.
  secret=\${WEBHOOK_SECRET-}
  if [ -z "$secret" ]; then
    printf 'Signing secret: ' >/dev/tty; stty -echo </dev/tty; read -r secret </dev/tty; stty echo </dev/tty; echo >/dev/tty
  fi
  body=${quoted(payload)}
  id=${quoted(event)}; now=$(date +%s)
  hex() { od -An -v -tx1 | tr -d ' \\n'; }
  plain=$(printf %s "$secret" | hex)
  case $secret in
    whsec_*) key=$(printf %s "\${secret#whsec_}" | openssl base64 -d -A | hex) ;;
    *) key=$plain ;;
  esac
  sha256=$(printf %s "$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$plain" -r | cut -d' ' -f1)
  standard=$(printf %s "$id.$now.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
  printf %s "$body" | curl -sS -i -X POST ${quoted(url)} \\
${options}
    -H "webhook-id: $id" -H "webhook-timestamp: $now" -H "webhook-signature: v1,$standard" \\
    -H "X-Signature: sha256=$sha256" --data-binary @-
)`;
}
