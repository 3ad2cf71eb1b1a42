// SPDX-License-Identifier: GPL-3.0-or-later
// Computes STOI, a measure of how much of speech can be understood, from 0 to 1 (Taal, Hendriks,
// Heusdens, Jensen 2011). It compares how the level in third-octave bands changes over 0.4 s, which
// is about the length of a syllable. It agrees with listening tests on processed speech.
// `rate` and `bands` set the range. 10 kHz and 15 bands (150 Hz to 4.3 kHz) are the published
// values. 20 kHz and 18 bands (to 8.6 kHz) include the sibilants, which Chinese needs (s, sh, x; c,
// ch, q).

/** In-place radix-2 FFT. */
function fft(re, im) {
    const n = re.length;
    for (let i = 1, j = 0; i < n; i++) {
        let bit = n >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i < j) {
            [re[i], re[j]] = [re[j], re[i]];
            [im[i], im[j]] = [im[j], im[i]];
        }
    }
    for (let length = 2; length <= n; length *= 2)
        for (let k = 0; k < length / 2; k++) {
            const c = Math.cos(-2 * Math.PI * k / length), s = Math.sin(-2 * Math.PI * k / length);
            for (let a = k; a < n; a += length) {
                const b = a + length / 2;
                const x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
                re[b] = re[a] - x; im[b] = im[a] - y;
                re[a] += x; im[a] += y;
            }
        }
}

const energy = (samples, from, length) => {
    let sum = 0;
    for (let i = from; i < from + length; i++) sum += samples[i] ** 2;
    return sum;
};

/**
 * Returns the starts of the frames that are within 40 dB of the loudest frame. Quieter frames are
 * silence.
 */
function audibleFrames(samples, length, hop) {
    const starts = [];
    for (let at = 0; at + length <= samples.length; at += hop) starts.push(at);
    const energies = starts.map((at) => energy(samples, at, length));
    const least = energies.reduce((a, b) => Math.max(a, b), 0) * 1e-4;
    return starts.filter((_, i) => energies[i] > least);
}

/** Returns the amplitude of each band in each frame: [band][frame]. */
function bandCourses(samples, starts, length, rate, bands) {
    const size = length * 2, courses = Array.from({ length: bands }, () => []);
    const edges = Array.from({ length: bands }, (_, b) => [150 * 2 ** (b / 3 - 1 / 6), 150 * 2 ** (b / 3 + 1 / 6)]
        .map((hz) => Math.min(Math.round(hz * size / rate), size / 2 + 1)));
    for (const at of starts) {
        const re = new Float64Array(size), im = new Float64Array(size);
        for (let i = 0; i < length; i++)
            re[i] = samples[at + i] * (0.5 - 0.5 * Math.cos(2 * Math.PI * (i + 1) / (length + 1)));
        fft(re, im);
        edges.forEach(([low, high], band) => {
            let sum = 0;
            for (let k = low; k < high; k++) sum += re[k] ** 2 + im[k] ** 2;
            courses[band].push(Math.sqrt(sum));
        });
    }
    return courses;
}

const norm = (list) => Math.sqrt(list.reduce((sum, v) => sum + v * v, 0));

/**
 * Correlates the levels of one band over some frames. Before that, `coded` is scaled to the energy
 * of `clean` and clipped at a distortion of -15 dB.
 */
function agreement(clean, coded) {
    const scale = norm(clean) / (norm(coded) || 1e-20), most = 1 + 10 ** (15 / 20);
    const clipped = coded.map((v, i) => Math.min(v * scale, clean[i] * most));
    const centre = (list) => { const mean = list.reduce((a, b) => a + b) / list.length; return list.map((v) => v - mean); };
    const x = centre(clean), y = centre(clipped), size = norm(x) * norm(y);
    return size > 0 ? x.reduce((sum, v, i) => sum + v * y[i], 0) / size : 0;
}

/**
 * Returns by how many samples `coded` is late, up to `most`. This is the maximum of the
 * cross-correlation over ten times `most` samples.
 */
function lateness(clean, coded, most) {
    const from = Math.floor(clean.length / 3), length = Math.min(10 * most, clean.length - from - most, coded.length - from - most);
    let best = 0, highest = -Infinity;
    for (let shift = -most; shift <= most; shift++) {
        let sum = 0;
        for (let i = from; i < from + length; i += 2) sum += clean[i] * (coded[i + shift] ?? 0);
        if (sum > highest) [best, highest] = [shift, sum];
    }
    return best;
}

/**
 * Normalises rows, then columns, to mean 0 and length 1 (ESTOI, eq. 3-5). Each row holds the levels
 * of one band over some frames.
 */
function normalise(rows) {
    const flat = (list) => {
        const mean = list.reduce((a, b) => a + b, 0) / list.length, centred = list.map((v) => v - mean);
        const size = norm(centred) || 1e-20;
        return centred.map((v) => v / size);
    };
    const levelled = rows.map(flat);
    return levelled[0].map((_, frame) => flat(levelled.map((row) => row[frame])));
}

/** Correlates the spectra of both signals frame by frame. */
function spectralAgreement(clean, coded) {
    const x = normalise(clean), y = normalise(coded);
    return x.reduce((sum, frame, t) => sum + frame.reduce((dot, v, band) => dot + v * y[t][band], 0), 0) / x.length;
}

/**
 * Returns {stoi, estoi}. ESTOI (Jensen, Taal 2016) also detects sound that leaks from one band into
 * another.
 */
export function intelligibility(clean, coded, { rate = 10000, bands = 15 } = {}) {
    const shift = lateness(clean, coded, rate / 20);
    const aligned = clean.map((_, i) => coded[i + shift] ?? 0);
    const length = rate >= 20000 ? 512 : 256, stretch = 30;
    const starts = audibleFrames(clean, length, length / 2);
    const [x, y] = [clean, aligned].map((samples) => bandCourses(samples, starts, length, rate, bands));
    let stoi = 0, estoi = 0, count = 0;
    for (let at = 0; at + stretch <= starts.length; at++, count++) {
        const [a, b] = [x, y].map((courses) => courses.map((course) => course.slice(at, at + stretch)));
        stoi += a.reduce((sum, course, band) => sum + agreement(course, b[band]), 0) / bands;
        estoi += spectralAgreement(a, b);
    }
    return { stoi: stoi / count, estoi: estoi / count };
}
