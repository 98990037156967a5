/** What went wrong, in plain words, and what to try. Keys are the classes of failures that the worker tells apart. */
const CLASSES = {
  timeout: [
    'The endpoint took too long',
    'No complete answer came within the time limit. The endpoint may still have done the work.',
    'Answer 2xx first and work afterwards, from a queue or a table. If the endpoint is slow for a good reason, raise the subscription’s time limit (30 s at most).',
  ],
  connect_timeout: [
    'No connection in time',
    'The host did not accept a connection. It is down, overloaded, or a firewall drops the packets.',
    'Check that the host is up and that its firewall lets the worker’s address in.',
  ],
  refused: [
    'Connection refused',
    'The host is up, but nothing listens on that port.',
    'Check that the receiving service runs, and that the port in the URL is right.',
  ],
  connection: [
    'The connection broke',
    'The connection was closed before a complete answer came. The endpoint may still have done the work.',
    'Look at the receiver’s log for a crash or a restart at that time, and at the limits of the proxy before it.',
  ],
  dns: [
    'The host name leads nowhere',
    'The name in the URL could not be resolved to an address.',
    'Check the URL for a typing error and the domain’s DNS records. A new record can take some minutes to be seen.',
  ],
  tls: [
    'No secure connection',
    'TLS failed, so nothing was sent.',
    'Renew or complete the certificate: it must be valid now, for this host name, and be served with its intermediate certificates.',
  ],
  blocked: [
    'This address is not allowed',
    'The host leads to a private, local or reserved address. Nothing was sent, and it is not tried again.',
    'Use a public address. If the endpoint is inside your own network, the operator can open it with OUTBOX_ALLOWED_NETWORKS.',
  ],
  bad_response: [
    'The answer is not HTTP',
    'Something answered, but not with valid HTTP.',
    'Check that the port in the URL speaks HTTP, and not another protocol.',
  ],
  redirect: [
    'The endpoint redirects',
    'Redirects are never followed: the signed body could end up with somebody else.',
    'Change the subscription’s URL to the final address. Often it is only http instead of https, or a missing slash at the end.',
  ],
  unauthorized: [
    'The endpoint refuses us',
    'It asked for credentials, or did not accept the signature.',
    'Compare the receiver’s secret with this subscription’s; after a rotation both work until the overlap ends. Make sure that the receiver checks the raw body, before it parses it.',
  ],
  not_found: [
    'No such page',
    'The host answered, but knows nothing under this path, or takes no POST there.',
    'Check the path of the URL, and that the receiver’s route accepts POST.',
  ],
  too_large: [
    'The body is too large for the endpoint',
    'The receiver, or a proxy before it, accepts only smaller bodies.',
    'Raise its limit: a body has 256 KiB of data at most.',
  ],
  client_error: [
    'The endpoint rejects the request',
    'It answered that something is wrong with the request.',
    'The answer below often says what. Unknown events are best answered with 2xx and ignored.',
  ],
  gone: [
    'The endpoint says: never again',
    '410 means that the endpoint is gone for good. The subscription was disabled, and nothing else is sent to it.',
    'If that was a mistake, resume the subscription and replay what it missed.',
  ],
  rate_limited: [
    'Too fast for the endpoint',
    'It answered 429: it wants fewer requests. A Retry-After header is obeyed, up to one hour.',
    'Set the subscription’s “per second” limit to what the endpoint can take.',
  ],
  server_error: [
    'The endpoint failed',
    'It answered with a 5xx status: something broke inside the receiver, not on the way to it.',
    'Look at the receiver’s log at the time of the attempt. When it is mended, replay what failed.',
  ],
  unavailable: [
    'The endpoint is not available',
    'A proxy or load balancer answered in its place: the service behind it is down, restarting or overloaded.',
    'Look at the receiver’s deployment at the time of the attempt. When it is back, replay what failed.',
  ],
  paused: [
    'The subscription was paused',
    'It was paused before this delivery could be sent. Nothing is sent by itself when it is resumed.',
    'Resume the subscription, then replay what failed.',
  ],
  disabled: [
    'The subscription was disabled',
    'It was disabled, by a 410 or because nothing had succeeded for a long time, before this delivery could be sent.',
    'Mend the endpoint, resume the subscription, then replay what failed.',
  ],
  deleted: [
    'The subscription was deleted',
    'It was deleted before this delivery could be sent.',
    'Nothing to do, unless the deletion was a mistake: then make a new subscription and replay what it missed.',
  ],
  worker_lost: [
    'The worker was lost three times',
    'Three times the worker ended while it sent this delivery, without recording an answer. It is not tried again, in case the payload is the cause.',
    'Tell the operator of the worker; retry it once the cause is known.',
  ],
  stopped: [
    'The worker stopped',
    'The worker was stopped while the endpoint took its time. The endpoint may have done the work.',
    'Nothing to do: the next attempt follows.',
  ],
  other: ['It did not work', 'The attempt did not succeed.', 'The error and the answer below say more.'],
};

/** In the order in which they are asked. */
const TEXTS = [
  [/^subscription_paused/, 'paused'],
  [/^subscription_disabled/, 'disabled'],
  [/^subscription_deleted/, 'deleted'],
  [/^worker_lost/, 'worker_lost'],
  [/not allowed|not a name of the public internet/, 'blocked'],
  [/^host name/, 'dns'],
  [/^no connection within/, 'connect_timeout'],
  [/^no complete answer within/, 'timeout'],
  [/^TLS/, 'tls'],
  [/^connection refused/, 'refused'],
  [/^connection closed|^no connection/, 'connection'],
  [/not valid HTTP/, 'bad_response'],
  [/^the worker stopped/, 'stopped'],
];

const STATUSES = {
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  405: 'not_found',
  408: 'timeout',
  410: 'gone',
  413: 'too_large',
  429: 'rate_limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** The class of a failure: by what the worker wrote, else by the status. */
export function classOf(error, httpStatus) {
  const status = httpStatus ?? (/^HTTP (\d{3})/.exec(error ?? '') || [])[1];
  const named = TEXTS.find(([pattern]) => pattern.test(error ?? ''));
  if (named && !/^HTTP \d/.test(error)) return named[1];
  if (STATUSES[status]) return STATUSES[status];
  return {3: 'redirect', 4: 'client_error', 5: 'server_error'}[Math.trunc(status / 100)] ?? 'other';
}

/** What a failure means; null where nothing failed. */
export function explain(error, httpStatus) {
  if (!error) return null;
  const kind = classOf(error, httpStatus);
  const [title, meaning, advice] = CLASSES[kind];
  return {kind, title, meaning, advice};
}

const DISABLED = {
  gone: 'Its endpoint answered 410: it is gone for good.',
  failing: 'Nothing had succeeded for a long time.',
};

/** Why a subscription was disabled, in words. */
export const disabledBecause = (reason) => DISABLED[reason] ?? reason;
