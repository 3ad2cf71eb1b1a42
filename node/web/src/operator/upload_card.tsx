// SPDX-License-Identifier: GPL-3.0-or-later
// The card in which the operator chooses files to upload.
import './upload_card.css';
import { useRef, useState } from 'preact/hooks';
import { t } from '../lib/language';
import { officeText, operatorText, uploadText } from '../lib/messages';
import type { Message } from '../lib/messages';
import { UploadList } from './upload_list';
import type { UploadDetails, UploadQueue } from './uploads';

const ACCEPT = 'video/*,audio/*,.rm,.rmvb,.wmv,.flv,.mpg,.ts,.mkv,.avi,.vob,.dat,.3gp';
const noDetails: UploadDetails = { title: '', topic: '', language: '', publish: '' };

interface FieldsProps {
    details: UploadDetails;
    onChange: (change: Partial<UploadDetails>) => void;
}

interface TextFieldProps extends FieldsProps {
    name: 'title' | 'topic' | 'language';
    label: Message;
    maxlength: number;
    placeholder?: string;
}

function TextField({ name, label, maxlength, placeholder, details, onChange }: TextFieldProps) {
    return (
        <label>
            {t(label)}
            <input
                value={details[name]}
                maxlength={maxlength}
                placeholder={placeholder}
                onInput={(event) => onChange({ [name]: event.currentTarget.value })}
            />
        </label>
    );
}

function Fields(props: FieldsProps) {
    const titleHint = t(uploadText.titleHint);
    return (
        <div class="fields">
            <TextField
                {...props}
                name="title"
                label={officeText.title}
                maxlength={200}
                placeholder={titleHint}
            />
            <TextField {...props} name="topic" label={operatorText.topic} maxlength={100} />
            <TextField
                {...props}
                name="language"
                label={operatorText.language}
                maxlength={35}
                placeholder="zh"
            />
            <label class="check">
                <input
                    type="checkbox"
                    checked={props.details.publish !== ''}
                    onChange={(event) =>
                        props.onChange({ publish: event.currentTarget.checked ? '1' : '' })
                    }
                />
                {t(operatorText.publishOnceItPlays)}
                <small>{t(uploadText.publishHint)}</small>
            </label>
        </div>
    );
}

/** Files come by a drop, or by the browser's dialog. */
function DropArea({ onFiles }: { onFiles: (files: FileList) => void }) {
    const input = useRef<HTMLInputElement>(null);
    const [over, setOver] = useState(false);
    return (
        <div
            class={over ? 'drop over' : 'drop'}
            onDragOver={(event) => {
                event.preventDefault();
                setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
                event.preventDefault();
                setOver(false);
                if (event.dataTransfer) onFiles(event.dataTransfer.files);
            }}
        >
            <p>{t(uploadText.dropHere)}</p>
            <button class="primary" onClick={() => input.current?.click()}>
                {t(uploadText.chooseFiles)}
            </button>
            <input
                ref={input}
                type="file"
                multiple
                hidden
                accept={ACCEPT}
                onChange={({ currentTarget }) => {
                    if (currentTarget.files) onFiles(currentTarget.files);
                    // So the same file can be chosen again.
                    currentTarget.value = '';
                }}
            />
        </div>
    );
}

export function UploadCard({ queue }: { queue: UploadQueue }) {
    const [details, setDetails] = useState(noDetails);
    const change = (part: Partial<UploadDetails>) => {
        setDetails((before) => ({ ...before, ...part }));
    };
    const upload = (files: FileList) => {
        const title = files.length === 1 ? details.title.trim() : '';
        const { publish } = details;
        const topic = details.topic.trim();
        const language = details.language.trim();
        for (const file of files) queue.add(file, { title, topic, language, publish });
        // A title belongs to one lesson; topic and language often serve for several.
        change({ title: '' });
    };
    return (
        <section class="card">
            <h2>{t(uploadText.upload)}</h2>
            <Fields details={details} onChange={change} />
            <DropArea onFiles={upload} />
            <UploadList uploads={queue.uploads} />
        </section>
    );
}
