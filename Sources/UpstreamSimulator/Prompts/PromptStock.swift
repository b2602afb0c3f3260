/// Realistic prompts, and some that are difficult to display.
enum PromptStock {
    /// Markup, quotes and a backslash: must be escaped in every output.
    static let markup = """
        A neon sign that reads "<script>alert('closing time')</script>" & 'open 24/7', rain-wet alley, \\ reflections, 35mm
        """

    /// Emoji of several code points, and right-to-left next to left-to-right text.
    static let mixedScripts = """
        ملصق مهرجان صيفي 🎪 with the words «أهلاً وسهلاً» above "Welcome", family 👨‍👩‍👧‍👦 at the gate, שלום on a banner 🏳️‍🌈, flat vector
        """

    /// Close to the longest prompt that the service accepts.
    static let long =
        "A cutaway illustration of a six-storey guesthouse by the sea, drawn as one continuous picture, ink and watercolour. "
        + rooms.joined(separator: " ")
        + " Every room is lit from its own lamp, the light falls warm to the left and cool to the right, and no two rooms share a colour."

    private static let rooms: [String] = (1...24).map { number in
        let storey = (number - 1) / 4 + 1
        let guest = ["a cellist", "two cartographers", "a retired diver", "a family of five", "a botanist", "nobody at all"][
            number % 6]
        let thing = ["a half-packed trunk", "a bowl of lemons", "a map under glass", "a sleeping dog", "a model ship"][number % 5]
        return "Room \(number) on storey \(storey) houses \(guest); beside the window stands \(thing), and the wallpaper shows "
            + ["herons", "ferns", "sailing knots", "comets"][number % 4] + " in two muted tones."
    }

    static let ordinary = products + interiors + illustrations + photographs + otherLanguages

    private static let products = [
        "Studio product shot of an amber glass serum bottle on wet slate, softbox from the left, water droplets, 100mm macro",
        "White leather running shoe floating against a pale mint background, hard shadow, e-commerce hero image",
        "Matte black insulated bottle with condensation, alpine lake out of focus behind it, morning light",
        "Hand-knitted cream wool sweater laid flat on linen, visible cable stitch, top-down catalogue photo",
        "Waxed canvas field jacket on a wooden hanger, plain grey wall, even light, true colours",
        "Mechanical keyboard with sage and ivory keycaps, 45 degree angle, desk mat, shallow depth of field",
        "Set of three ceramic pour-over coffee drippers in terracotta, oat and charcoal, stacked, seamless backdrop",
        "Luxury watch with a guilloché dial, exploded view of the movement, technical rendering, labels in small caps",
        "Box of assorted macarons seen from above, pastel palette, one missing, crumbs in the gap",
        "Brown leather hiking boots on mossy granite, drizzle, product photography for an outdoor brand",
        "Lip balm tin, open, with a finger swipe across the surface, botanical ingredients around it, overhead",
        "Electric bicycle in profile on white, cables routed internally, studio light, no text, 3/4 shadow",
    ]

    private static let interiors = [
        "Japandi living room at dusk, low oak sofa, paper floor lamp, one bonsai, rain on the window",
        "Small Parisian kitchen, 8 square metres, green tiles, brass rail with copper pans, morning sun",
        "Dining room with a round walnut table for six, rattan pendant, limewashed walls, wide angle",
        "Mid-century lounge chair in cognac leather beside a reading lamp, herringbone floor, magazine style",
        "Children's room with a built-in bunk bed shaped like a lighthouse, soft blues, storage stairs",
        "Loft office with exposed brick, standing desks, large fiddle-leaf fig, overcast daylight",
        "Hotel bathroom in travertine, freestanding tub, view of a foggy forest through a floor-to-ceiling window",
        "Tiny house interior, everything folds, cutaway axonometric view, labelled with thin white lines",
        "Baroque library converted into a climbing gym, photorealistic, chalk dust in the light beams",
        "Nail salon reception in blush and terrazzo, curved counter, neon line along the ceiling",
    ]

    private static let illustrations = [
        "Children's book spread: a hedgehog postman crosses a stream on a leaf, gouache texture, room for text on the right",
        "Isometric map of a harbour town with a tram line, pastel vector style, each roof a different colour",
        "Flat icon set, 16 kitchen tools, 2 px outline, one accent colour, on a transparent-looking checkerboard",
        "Art nouveau poster for a botanical garden, irises and dragonflies, ornate frame, limited palette of five colours",
        "Pixel art tavern, 16-bit era, fireplace glow, four patrons, a bard on the table",
        "Anatomical drawing of an imaginary deep-sea fish with Latin captions, sepia ink on aged paper",
        "Comic page with six panels: an astronaut loses a wrench and finds a cat, no speech bubbles, bold inks",
        "Linocut of a lighthouse in a storm, two colours, visible gouge marks",
        "Storyboard frame, low angle, a cyclist jumps over a flooded underpass, motion lines, marker on paper",
        "Infographic about how sourdough rises, four steps, hand-drawn arrows, large numerals 1-4",
        "Sticker sheet of sleepy vegetables, thick white borders, kawaii, 20 pieces",
        "Fantasy map of an archipelago shaped like a violin, compass rose, sea monsters, parchment",
        "Blueprint of a clockwork owl, white lines on Prussian blue, dimensions in millimetres",
        "Tarot card 'The Archivist': a woman with a key of light before endless shelves, gold foil look",
    ]

    private static let photographs = [
        "Portrait of a beekeeper at golden hour, veil lifted, bees in the air, 85mm f/1.8, natural skin",
        "Aerial view of salt ponds in magenta and ochre, a single white truck on the dike",
        "Street food stall in Taipei at night, steam, neon reflected in puddles, candid",
        "Macro photograph of frost on a spider's web, backlit, shallow focus",
        "Long exposure of a suspension bridge in fog, 21:9 cinematic crop, teal and amber",
        "Tea ceremony seen from above, hands whisking matcha, black lacquer tray",
        "Black and white photograph of an empty theatre, one seat lit",
        "Collage of nine city windows at different hours of the day, 3x3 grid, thin white gutters",
        "A flock of starlings forming the shape of a hand over a marsh, dusk",
        "Wedding table in an olive grove, 40 guests, string lights, wide shot, no faces recognisable",
        "Underwater shot of a freediver beside a whale shark, sun rays, deep blue",
        "Food photo: ramen with a soft egg, cross-section visible, steam, dark wood, overhead",
        "Vintage car in a desert garage, dust in the light, Kodachrome palette",
        "Snow leopard on a ledge, telephoto, falling snow, muted colours",
    ]

    private static let otherLanguages = [
        "Ein Fachwerkhaus im Schnee, Weihnachtsmarkt davor, Glühweindampf, Blaue Stunde, 24 mm",
        "Affiche rétro pour un train de nuit Paris–Venise, typographie Art déco, clair de lune",
        "霧の中の竹林、赤い傘をさした人物、墨絵風、余白を大きく",
        "一张复古旅行海报：黄山日出，云海，毛笔字标题「黄山」，暖色调",
        "Ilustración de un mercado mexicano con piñatas, colores saturados, vista cenital",
        "Плакат в стиле конструктивизма: чайник и спутник, красный и чёрный",
        "한옥 마당에 핀 매화, 아침 안개, 수채화",
        "Retrato de uma avó portuguesa a bordar, luz de janela, azulejos ao fundo, fotografia analógica",
        "Plakat teatralny w polskiej szkole plakatu: królik, parasol i księżyc, akwarela",
        "दिवाली की रात, दीयों से सजा आँगन, रंगोली, गर्म रोशनी, फोटो-यथार्थवादी",
    ]
}
