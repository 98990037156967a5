import {html, nothing, svg} from 'lit';
import {count, shortTime} from '../format.js';

const WIDTH = 720;
const HEIGHT = 150;
const GAP = 0.22;

/** A round number at or above the largest bar. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= value);
}

function bar(bucket, at, step, top) {
  const width = step * (1 - GAP);
  const x = at * step + (step * GAP) / 2;
  const tall = (value) => (value ? Math.max(1.5, (value / top) * HEIGHT) : 0);
  const failed = tall(bucket.failed);
  const delivered = Math.min(tall(bucket.delivered), HEIGHT - failed);
  return svg`<g>
    <title>${`${shortTime(bucket.at)}: ${count(bucket.delivered)} delivered, ${count(bucket.failed)} failed`}</title>
    <rect class="bar-hit" x=${at * step} y="0" width=${step} height=${HEIGHT}></rect>
    <rect class="bar-delivered" x=${x} y=${HEIGHT - failed - delivered} width=${width} height=${delivered}></rect>
    <rect class="bar-failed" x=${x} y=${HEIGHT - failed} width=${width} height=${failed}></rect>
  </g>`;
}

/** Delivered and failed over time, stacked; failed at the ground, where even one of them is seen. Readers get a table. */
export function outcomeChart(buckets, window) {
  if (!buckets?.length) return nothing;
  const top = ceiling(Math.max(...buckets.map((b) => b.delivered + b.failed)));
  const step = WIDTH / buckets.length;
  const time = (bucket) => shortTime(bucket.at).replace(/:\d\d$/, '');
  return html` <figure class="chart">
    <div class="chart-scale small soft number" aria-hidden="true"><span>${count(top)}</span><span>0</span></div>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      ${[0, 0.5].map((part) => svg`<line x1="0" x2=${WIDTH} y1=${part * HEIGHT + 0.5} y2=${part * HEIGHT + 0.5}></line>`)}
      ${buckets.map((bucket, at) => bar(bucket, at, step, top))}
    </svg>
    <figcaption class="small soft number" aria-hidden="true">
      <span>${time(buckets[0])}</span
      ><span class="row"><i class="key-delivered"></i>delivered <i class="key-failed"></i>failed</span><span>now</span>
    </figcaption>
    <div class="for-readers">
      <table>
        <caption>
          Deliveries that ended in the last ${window === '1h' ? 'hour' : '24 hours'}
        </caption>
        <thead>
          <tr>
            <th>From</th>
            <th>Delivered</th>
            <th>Failed</th>
          </tr>
        </thead>
        <tbody>
          ${buckets
            .filter((b) => b.delivered || b.failed)
            .map(
              (b) =>
                html`<tr>
                  <td>${shortTime(b.at)}</td>
                  <td>${b.delivered}</td>
                  <td>${b.failed}</td>
                </tr>`,
            )}
        </tbody>
      </table>
    </div>
  </figure>`;
}
