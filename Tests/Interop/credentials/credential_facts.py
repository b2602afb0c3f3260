"""What both sides read out of accepted files: claim, actions, signer, time, ingredients, and the box that each code concerns."""

import datetime

from credential_reference import KINDS


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def agent_name(agent):
    return agent.get("name") if isinstance(agent, dict) else agent


def of_reference(report):
    manifest = report["manifests"][report["active_manifest"]]
    signature, generators = manifest.get("signature_info") or {}, manifest.get("claim_generator_info") or [{}]
    listed = [one["data"]["actions"] for one in manifest.get("assertions", []) if one["label"].startswith("c2pa.actions")]
    actions = [
        (one["action"], agent_name(one.get("softwareAgent")), one.get("digitalSourceType"), moment(one.get("when")))
        for every in listed
        for one in every
    ]
    return {
        "label": report["active_manifest"],
        "version": int(manifest["claim_version"]),
        "generator": generators[0].get("name"),
        "title": manifest.get("title"),
        "actions": actions,
        "algorithm": signature.get("alg", "").upper().replace("ED25519", "EDDSA"),
        "signer": signature.get("common_name"),
        "organization": signature.get("issuer"),
        "serial": int(signature["cert_serial_number"]) if "cert_serial_number" in signature else None,
        "time": moment(signature.get("time")),
        "ingredients": sorted((one.get("title") or "", one.get("relationship") or "") for one in manifest.get("ingredients", [])),
    }


def of_ours(report):
    claim, signer, stamp = report.get("claim") or {}, report.get("signer") or {}, report.get("timeStamp") or {}
    generator = claim.get("generator")
    return {
        "label": claim.get("label"),
        "version": int(claim.get("version", 0)),
        "generator": generator.get("name") if isinstance(generator, dict) else generator,
        "title": claim.get("title"),
        "actions": [(one["action"], one.get("agent"), one.get("digitalSourceType"), moment(one.get("when"))) for one in report["actions"]],
        "algorithm": signer.get("algorithm", "").upper().replace("ED25519", "EDDSA"),
        "signer": signer.get("name"),
        "organization": signer.get("organization"),
        "serial": int(signer["serial"], 16) if "serial" in signer else None,
        "time": moment(stamp.get("time")),
        "ingredients": sorted((one.get("title") or "", one.get("relationship") or "") for one in report.get("ingredients") or []),
    }


def boxes_of_reference(report):
    groups = [report["validation_results"].get("activeManifest") or {}]
    return {(one["code"], one.get("url")) for group in groups for kind in KINDS for one in group.get(kind) or []}


def boxes_of_ours(report, label):
    """Those of the active manifest; an ingredient's are reported apart by the reference."""
    every = {(one["code"], one.get("box")) for kind in KINDS for one in (report["codes"].get(kind) or [])}
    return {(code, box) for code, box in every if box and label in box}


def differing(report, reference):
    """The facts that differ, as texts."""
    report = report.get("credentials", report)
    mine, theirs = of_ours(report), of_reference(reference)
    # The reference shows the signing time of the CMS message, where there is one; the specification wants genTime (15.8.2).
    if mine["time"] and theirs["time"] and abs(mine["time"] - theirs["time"]) < datetime.timedelta(seconds=3):
        theirs["time"] = mine["time"]
    found = [f"{name}: ours {mine[name]!r}, reference {theirs[name]!r}" for name in theirs if mine[name] != theirs[name]]
    ours_boxes, their_boxes = boxes_of_ours(report, mine["label"] or "?"), boxes_of_reference(reference)
    shared = {code for code, _ in ours_boxes} & {code for code, _ in their_boxes}
    mine_only = sorted(one for one in ours_boxes - their_boxes if one[0] in shared)
    theirs_only = sorted(one for one in their_boxes - ours_boxes if one[0] in shared)
    if mine_only or theirs_only:
        found.append(f"boxes: only ours {mine_only[:3]}, only the reference {theirs_only[:3]}")
    return found
