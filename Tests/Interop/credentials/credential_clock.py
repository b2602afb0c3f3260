"""The same pictures under other clocks and with other lists: states worked out by hand (15.8, 14.4)."""

import pathlib

from credential_reference import Reference, judged_at

# The leaf certificates of these pictures end on 2027-03-05, 2027-03-24 and 2027-04-23; their time stamps come from an authority that is on
# no official list, so that the certificate has to be valid at the clock's time. The two with the long certificate:
LONGER = {"nails-2048x2048", "sweater-1122x1402"}
SIGNED = {
    "boots-1254x1254",
    "chair-1254x1254",
    "dining-1254x1254",
    "jacket-1024x1536",
    "nails-2048x2048",
    "serum-2048x2048",
    "sweater-1122x1402",
    "tea-1672x941",
}
DATES = ["2026-11-26", "2027-03-30", "2027-05-01", "2038-01-01"]


def by_hand(stem, date, has_vendor_anchor):
    if stem not in SIGNED:
        return "absent"
    if has_vendor_anchor or date == "2026-11-26":
        return "trusted"
    return "trusted" if date == "2027-03-30" and stem in LONGER else "invalid"


def clocks(program, corpus, lists):
    """Yields a title, our state, the reference's, and the one by hand."""
    files = sorted(corpus.glob("*.png")) if corpus and corpus.is_dir() else []
    for date in DATES if files else []:
        for anchor in (None, pathlib.Path(lists) / "openai-tsa-root.pem"):
            references = judged_at(date, lists, files, anchor)
            options = program.options(lists, time_anchors=anchor, now=f"{date}T12:00:00Z")
            for file, ours, reference in zip(files, program.judge(files, options), references):
                title = f"{date}{' with the vendor clock' if anchor else ''} {file.stem}"
                yield title, ours, reference, by_hand(file.stem, date, anchor is not None)


# Name of the case, the lists in use, the state by hand, the section.
LISTS = [
    ("right-es256-png", {}, "valid", "14.4.1: the root is on no list"),
    ("right-es256-jpeg", {}, "valid", "14.4.1: the root is on no list"),
    ("right-es256-png", {"time_anchors": "anchors"}, "valid", "14.4.2: anchors of time stamps are no anchors of signers"),
    ("right-es256-jpeg", {"anchors": "anchors"}, "trusted", "15.8: an untrusted stamp is ignored"),
    ("time-right-ended", {"anchors": "anchors"}, "invalid", "15.8: an untrusted stamp is ignored"),
    ("time-right-ended", {"anchors": "anchors", "time_anchors": "anchors"}, "invalid", "14.4.2: the stamp's root is not on the list"),
    ("list-stranger", {"allowed": "allowed"}, "trusted", "14.4.3: the private store"),
    ("right-es256-png", {"allowed": "allowed"}, "valid", "14.4.3: the private store holds other certificates"),
    ("list-wrong-usage", {"allowed": "allowed", "anchors": "anchors"}, "invalid", "14.4.3: the profile still holds"),
]


def with_lists(program, folder, lists):
    for name, choice, state, section in LISTS:
        (file,) = folder.glob(f"{name}.*")
        paths = {key: folder / f"{value}.pem" for key, value in choice.items()}
        reference = Reference(lists, **paths)
        from credential_reference import MEDIA

        theirs = reference.judge(file.read_bytes(), MEDIA[file.suffix])
        ours = program.judge_one(str(file), program.options(lists, **paths))
        yield f"{name} with {choice or 'official lists only'} ({section})", ours, theirs, state
