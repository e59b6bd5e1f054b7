/** What a snapshot holds of an engine, by the names of its parts. */
import type { Answer } from '../../api/answer.ts';

/** docs/events.md, SnapshotRecorded. */
export type SnapshotContent = Answer<'/api/v1/environments/{id}/snapshots/latest'>['snapshot'];

export type SnapshotContainer = SnapshotContent['containers'][number];
export type SnapshotImage = SnapshotContent['images'][number];
export type SnapshotVolume = SnapshotContent['volumes'][number];
export type SnapshotNetwork = SnapshotContent['networks'][number];
export type SnapshotService = SnapshotContent['services'][number];
export type SnapshotNode = SnapshotContent['nodes'][number];
