// The tabs there are, in their order. One that would be empty is left out.

import { showDescriptors } from "./descriptors.mjs";
import { showDrawing } from "./drawing.mjs";
import { showEnvironment } from "./environment.mjs";
import { showEvents } from "./events.mjs";
import { showHeads } from "./heads.mjs";
import { showLoad } from "./load.mjs";
import { showOverview } from "./overview.mjs";
import { showRecords } from "./records.mjs";
import { showStreams } from "./streams.mjs";
import { showTime } from "./time.mjs";

const tabs = [
  { name: "overview", title: "Overview", show: showOverview },
  { name: "drawing", title: "Drawing", show: showDrawing },
  { name: "time", title: "Time", show: showTime },
  {
    name: "streams",
    title: "Streams",
    show: showStreams,
    applies: ({ request, streams }) => streams.length > 0 || request.body !== null,
  },
  {
    name: "environment",
    title: "Environment",
    show: showEnvironment,
    applies: ({ script }) => script !== null,
  },
  { name: "heads", title: "Heads", show: showHeads },
  {
    name: "descriptors",
    title: "Descriptors",
    show: showDescriptors,
    applies: ({ script }) => script !== null && script.backend === null,
  },
  {
    name: "records",
    title: "Records",
    show: showRecords,
    applies: ({ script }) => (script?.records ?? []).length > 0,
  },
  { name: "load", title: "Load", show: showLoad, applies: ({ load }) => load !== null },
  { name: "events", title: "Events", show: showEvents },
];

export const tabsOf = (exchange) => tabs.filter(({ applies }) => !applies || applies(exchange));
