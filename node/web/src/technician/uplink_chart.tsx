// SPDX-License-Identifier: GPL-3.0-or-later
// The uplink's rate over the last hour.
import 'uplot/dist/uPlot.min.css';
import './uplink_chart.css';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { UplinkMinute } from '../lib/api_types';
import { formatRate } from '../lib/format';

const HEIGHT = 200;
/** The scale goes up to this rate at least, so that a quiet hour looks quiet. */
const MIN_TOP_BPS = 10_000;

const timeText = (seconds: number): string => new Date(seconds * 1000).toTimeString().slice(0, 5);

function chartOptions(box: HTMLElement): uPlot.Options {
    const style = getComputedStyle(document.body);
    const ink = style.color;
    const steps = uPlot.paths.stepped?.({ align: -1 });
    const green = style.getPropertyValue('--green').trim();
    return {
        width: box.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        axes: [
            {
                stroke: ink,
                size: 32,
                grid: { show: false },
                values: (_, seconds) => seconds.map(timeText),
            },
            {
                stroke: ink,
                size: 90,
                grid: { stroke: '#8883', width: 1 },
                values: (_, rates) => rates.map(formatRate),
            },
        ],
        scales: { y: { range: (_, _min, max) => [0, Math.max(max * 1.1, MIN_TOP_BPS)] } },
        series: [
            {},
            {
                stroke: green,
                fill: `${green}33`,
                width: 2,
                ...(steps && { paths: steps }),
                points: { show: false },
            },
        ],
    };
}

const chartData = (minutes: UplinkMinute[]): uPlot.AlignedData => [
    minutes.map(({ time_ms }) => time_ms / 1000),
    minutes.map(({ sent_bytes }) => (sent_bytes * 8) / 60),
];

export function UplinkChart({ minutes }: { minutes: UplinkMinute[] | undefined }) {
    const box = useRef<HTMLDivElement>(null);
    const chart = useRef<uPlot | null>(null);
    useEffect(() => {
        const element = box.current;
        if (!minutes || !element) return;
        if (chart.current) {
            chart.current.setData(chartData(minutes));
            return;
        }
        const made = new uPlot(chartOptions(element), chartData(minutes), element);
        chart.current = made;
        const fit = () => made.setSize({ width: element.clientWidth, height: HEIGHT });
        new ResizeObserver(fit).observe(element);
    }, [minutes]);
    return <div class="chart" ref={box} />;
}
