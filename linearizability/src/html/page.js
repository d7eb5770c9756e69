'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const LANE = 24, LEFT = 70, TOP = 22;
const operations = data.operations.map(([lane, key, call, end, text, line, moment, place], number) =>
  ({ number, lane, key, call, end, text, line, moment, place }));
const last = operations.reduce((most, it) => Math.max(most, it.call, it.end ?? 0), 1);
const lanes = data.clients.map(() => []);
for (const it of operations) lanes[it.lane].push(it);
const order = operations.filter((it) => it.place !== null).sort((a, b) => a.place - b.place);
order.forEach((it, rank) => { it.rank = rank; });
// The few operations that contradict each other.
const contradiction = data.counterexample.map((number) => operations[number]);
for (const it of contradiction) it.contradicts = true;

// The window: times from `from` to `to`, lanes from `top` on.
let from = 0, to = last, top_ = 0, key = -1, chosen = null;

const style = () => {
  const of = getComputedStyle(document.documentElement);
  return (name) => of.getPropertyValue('--' + name).trim();
};
const canvas = $('lanes'), overview = $('overview');
const width = () => canvas.clientWidth;
const x = (time) => LEFT + (time - from) / (to - from) * (width() - LEFT);
const time = (px) => from + (px - LEFT) / (width() - LEFT) * (to - from);

function prepare(target, height) {
  const scale = devicePixelRatio || 1;
  target.width = Math.round(target.clientWidth * scale);
  target.height = Math.round(height * scale);
  target.style.height = height + 'px';
  const pen = target.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, target.clientWidth, height);
  pen.font = '12px system-ui, sans-serif';
  pen.textBaseline = 'middle';
  return pen;
}

// A lane's operations follow one another, so those in the window lie side by side.
function visible(lane) {
  let low = 0, high = lane.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lane[middle].end ?? last) < from) low = middle + 1; else high = middle;
  }
  const found = [];
  for (let at = low; at < lane.length && lane[at].call <= to; at++) {
    if (key < 0 || lane[at].key === key) found.push(lane[at]);
  }
  return found;
}

const rowsThatFit = () => Math.max(1, Math.min(lanes.length, Math.floor((innerHeight * 0.6 - TOP) / LANE)));

function draw() {
  const color = style(), fit = rowsThatFit(), height = TOP + fit * LANE + 4;
  const pen = prepare(canvas, height);
  pen.fillStyle = color('ink');
  const step = 10 ** Math.floor(Math.log10((to - from) / 4 || 1));
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) {
    pen.fillRect(x(tick), TOP - 6, 1, 4);
    if ((to - from) / step < 16 || Math.round(tick / step) % 5 === 0) pen.fillText(String(tick), x(tick) + 2, 9);
  }
  lanes.slice(top_, top_ + fit).forEach((lane, row) => {
    const y = TOP + row * LANE;
    pen.fillStyle = color('ink');
    pen.fillText('client ' + data.clients[top_ + row], 4, y + LANE / 2, LEFT - 8);
    pen.fillStyle = color('soft');
    pen.fillRect(LEFT, y + LANE - 1, width() - LEFT, 1);
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, y, width() - LEFT, LANE);
    pen.clip();
    let drawn = -1;
    for (const it of visible(lane)) {
      const begin = x(it.call), end = it.end === null ? width() + 9 : x(it.end);
      // What is smaller than a pixel and falls upon another is that pixel.
      if (end - begin < 1 && Math.floor(begin) === drawn && it !== chosen && !it.contradicts) continue;
      drawn = Math.floor(begin);
      bar(pen, color, it, begin, Math.max(end, begin + 1), y);
    }
    pen.restore();
  });
  drawOverview(color);
  list();
}

function bar(pen, color, it, begin, end, y) {
  const isStuck = it.number === data.stuck;
  pen.fillStyle = it === chosen ? color('chosen') : isStuck ? color('bad') : color('bar');
  pen.fillRect(begin, y + 4, end - begin, LANE - 9);
  if (it.contradicts) {
    // A shape as well as a colour.
    pen.strokeStyle = color(isStuck ? 'ink' : 'bad');
    pen.lineWidth = 2;
    pen.strokeRect(begin, y + 3, end - begin, LANE - 7);
    pen.fillStyle = color('ink');
    pen.fillText(isStuck ? '✗' : '•', begin - 14, y + LANE / 2);
  }
  if (it.moment !== null) {
    pen.fillStyle = color('point');
    pen.fillRect(x(it.moment) - 1, y + 2, 2, LANE - 5);
  }
  if (end - begin > 30) {
    pen.fillStyle = isStuck && it !== chosen ? color('paper') : color('ink');
    pen.fillText(it.text, Math.max(begin, LEFT) + 4, y + LANE / 2 - 0.5, Math.max(10, end - Math.max(begin, LEFT) - 6));
  }
}

const buckets = new Array(200).fill(0);
for (const it of operations) buckets[Math.min(199, Math.floor(it.call / last * 200))]++;
const most = Math.max(1, ...buckets);

function drawOverview(color) {
  const pen = prepare(overview, 40), across = overview.clientWidth;
  pen.fillStyle = color('bar');
  buckets.forEach((count, at) => pen.fillRect(at / 200 * across, 40 - count / most * 36, across / 200, 40));
  if (data.stuck !== null) {
    pen.fillStyle = color('bad');
    pen.fillRect(operations[data.stuck].call / last * across - 1, 0, 3, 40);
  }
  pen.strokeStyle = color('ink');
  pen.strokeRect(from / last * across + 0.5, 1, Math.max(3, (to - from) / last * across - 1), 38);
}

function list() {
  const body = $('rows');
  body.textContent = '';
  if (!$('list').open) return;
  const all = lanes.flatMap(visible).sort((a, b) => a.call - b.call).slice(0, 500);
  for (const it of all) {
    const row = body.insertRow();
    for (const cell of [data.clients[it.lane], it.text, it.call, it.end ?? 'never', it.moment ?? '–', it.line]) {
      row.insertCell().textContent = cell;
    }
  }
}

function show(begin, end) {
  const span = Math.min(Math.max(end - begin, 2), last * 1.02);
  from = Math.max(-0.01 * last, Math.min(begin, last * 1.01 - span));
  to = from + span;
  draw();
}

const zoom = (factor, around = (from + to) / 2) => show(around - (around - from) * factor, around + (to - around) * factor);
const move = (part) => show(from + (to - from) * part, to + (to - from) * part);

function choose(it, follow) {
  chosen = it;
  if (it) {
    const place = it.place === null ? 'not placed in the order' : `number ${it.place + 1} of the order, at ${it.moment}`;
    $('details').textContent =
      `client ${data.clients[it.lane]}  ${it.text}  [${it.call}, ${it.end ?? 'never'}]  line ${it.line}; ${place}`;
    if (follow) {
      const at = it.moment ?? it.call;
      top_ = Math.max(0, Math.min(lanes.length - rowsThatFit(), it.lane - Math.floor(rowsThatFit() / 2)));
      if (at < from || at > to) return show(at - (to - from) / 2, at + (to - from) / 2);
    }
  }
  draw();
}

const around = (it) => {
  const length = Math.max(1, (it.end ?? it.call) - it.call);
  show(it.call - 4 * length, it.call + 5 * length);
};

const next = (step) => {
  if (!order.length) return;
  const rank = chosen?.rank === undefined ? 0 : chosen.rank + step;
  choose(order[Math.max(0, Math.min(order.length - 1, rank))], true);
};

canvas.addEventListener('wheel', (event) => {
  event.preventDefault();
  if (event.shiftKey) {
    top_ = Math.max(0, Math.min(lanes.length - rowsThatFit(), top_ + Math.sign(event.deltaY)));
    draw();
  } else {
    zoom(event.deltaY > 0 ? 1.25 : 0.8, time(event.offsetX));
  }
}, { passive: false });
let grip = null;
canvas.addEventListener('pointerdown', (event) => {
  grip = { at: event.offsetX, from, to, moved: false };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener('pointermove', (event) => {
  if (!grip) return;
  const by = (grip.at - event.offsetX) / (width() - LEFT) * (grip.to - grip.from);
  grip.moved ||= Math.abs(grip.at - event.offsetX) > 3;
  if (grip.moved) show(grip.from + by, grip.to + by);
});
canvas.addEventListener('pointerup', (event) => {
  if (grip && !grip.moved) {
    const lane = lanes[top_ + Math.floor((event.offsetY - TOP) / LANE)];
    const at = time(event.offsetX), slack = (to - from) / width() * 4;
    choose(lane ? visible(lane).find((it) => it.call - slack <= at && at <= (it.end ?? last) + slack) ?? null : null);
  }
  grip = null;
});
canvas.addEventListener('keydown', (event) => {
  const act = {
    ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2),
    ArrowUp: () => { top_ = Math.max(0, top_ - 1); draw(); },
    ArrowDown: () => { top_ = Math.max(0, Math.min(lanes.length - rowsThatFit(), top_ + 1)); draw(); },
    '+': () => zoom(0.8), '=': () => zoom(0.8), '-': () => zoom(1.25), 0: () => show(0, last),
    n: () => next(1), p: () => next(-1),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});
overview.addEventListener('pointerdown', (event) => {
  const at = event.offsetX / overview.clientWidth * last;
  show(at - (to - from) / 2, at + (to - from) / 2);
});
$('in').onclick = () => zoom(0.5);
$('out').onclick = () => zoom(2);
$('all').onclick = () => show(0, last);
$('list').addEventListener('toggle', list);
$('key').append(new Option('all', -1), ...data.keys.map((label, place) => new Option(label || 'the only one', place)));
$('key').onchange = (event) => { key = Number(event.target.value); draw(); };
addEventListener('resize', draw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

document.title = $('title').textContent = `${data.title}: ${operations.length} operations`;
$('verdict').textContent = `${data.verdict}. ${data.reason}`;
$('verdict').className = data.stuck === null ? '' : 'bad';
if (data.stuck !== null) {
  const stuck = operations[data.stuck];
  $('to-stuck').hidden = false;
  const ends = contradiction.map((it) => it.end ?? it.call);
  const first = Math.min(...contradiction.map((it) => it.call)), end = Math.max(...ends);
  $('to-stuck').onclick = () => { around(stuck); choose(stuck, true); };
  $('to-contradiction').hidden = false;
  $('to-contradiction').textContent = `the ${contradiction.length} operations that contradict each other`;
  $('to-contradiction').onclick = () => show(first - (end - first) * 0.05, end + (end - first) * 0.05);
  around(stuck);
  choose(stuck, true);
} else if (operations.length > 300) {
  show(0, last * 300 / operations.length);
} else {
  show(0, last);
}
