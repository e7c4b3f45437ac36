// Where things stand in the drawing, once for a wide place and once for a narrow one. A box is [x, y,
// width, height]; a way is the path of an SVG, drawn in the direction in which things move along it.
// `turned`: the pipes go from top to bottom.

export const wide = {
  size: [960, 420],
  boxes: {
    server: [176, 14, 512, 392],
    client: [16, 150, 128, 236],
    acceptor: [200, 58, 112, 62],
    queue: [348, 58, 124, 62],
    pool: [508, 58, 158, 62],
    worker: [376, 186, 290, 196],
    lane: [768, 24, 176, 66],
    script: [800, 150, 144, 236],
  },
  ways: {
    connect: "M80 150 V89 H200",
    enqueue: "M312 89 H348",
    take: "M472 89 H508",
    pick: "M587 120 V186",
    request: "M144 223 H376",
    answer: "M376 285 H144",
    spawn: "M640 186 V134 H872 V150",
    exit: "M872 150 V134 H640 V186",
    input: "M666 222 H800",
    output: "M800 284 H666",
    errors: "M800 346 H666",
  },
  pipes: [
    [668, 210, 130, 26],
    [668, 272, 130, 26],
    [668, 334, 130, 26],
  ],
  turned: false,
};

export const narrow = {
  size: [360, 590],
  boxes: {
    client: [8, 6, 344, 58],
    server: [8, 92, 344, 264],
    acceptor: [66, 124, 84, 62],
    queue: [166, 124, 78, 62],
    pool: [260, 124, 82, 62],
    worker: [66, 212, 276, 128],
    script: [66, 466, 276, 60],
    lane: [66, 536, 276, 50],
  },
  ways: {
    connect: "M80 64 V124",
    enqueue: "M150 155 H166",
    take: "M244 155 H260",
    pick: "M301 186 V212",
    request: "M46 64 V250 H66",
    answer: "M66 300 H26 V64",
    spawn: "M84 340 V466",
    exit: "M84 466 V340",
    input: "M132 340 V466",
    output: "M212 466 V340",
    errors: "M296 466 V340",
  },
  pipes: [
    [118, 342, 28, 122],
    [198, 342, 28, 122],
    [282, 342, 28, 122],
  ],
  turned: true,
};
