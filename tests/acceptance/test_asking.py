"""What is final is told first with its counts, and nobody ends much by habit."""

import json
import os
import pty
import subprocess

from tests.fixtures.service import PROGRAM, Service


def at_a_terminal(service: Service, answer: str, *args: str) -> tuple[int, str]:
    """Run a command as somebody who sits there and answers; gives how it ended."""
    master, slave = pty.openpty()
    command = [str(PROGRAM), *args, "--data-dir", str(service.data_dir)]
    with subprocess.Popen(
        command, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        os.close(slave)
        os.write(master, f"{answer}\n".encode())
        said, _ = process.communicate(timeout=120)
        os.close(master)
    return process.returncode, said.decode()


def test_whoever_sits_at_a_terminal_is_asked_with_counts(service: Service) -> None:
    """Nothing happens to who says no."""
    batch = service.issue(20)
    number = str(batch["batch_id"])
    service.change(batch, "voids", from_index=0, to_index=4)
    code, said = at_a_terminal(service, "n", "batch", "void", number)
    assert code != 0
    assert f"15 codes of batch {number} become void, for good; 5 stay" in said
    counts = service.get(f"/v1/batches/{number}", service.issuer).json()["counts"]
    assert counts["activated"] == 15
    code, said = at_a_terminal(service, "y", "batch", "recall", number, "--all")
    assert code == 0, said
    counts = service.get(f"/v1/batches/{number}", service.issuer).json()["counts"]
    assert counts["recalled"] == 15


def test_a_script_says_that_it_means_many_codes(service: Service) -> None:
    """A whole batch by name, and --yes, since nobody is there to be asked."""
    batch = service.issue(2_000)
    number = str(batch["batch_id"])
    whole = service.run("batch", "void", number, "--yes")
    assert whole.returncode != 0
    assert "--all" in whole.stderr
    silent = service.run("batch", "void", number, "--all")
    assert silent.returncode != 0
    assert "--yes" in silent.stderr
    seen = json.loads(service.cli("batch", "void", number, "--dry-run"))
    assert (seen["would_change"], seen["unchanged"]) == (2_000, 0)
    counts = service.get(f"/v1/batches/{number}", service.issuer).json()["counts"]
    assert counts["activated"] == 2_000
    done = json.loads(service.cli("batch", "void", number, "--all", "--yes"))
    assert done["changed"] == 2_000


def test_ending_a_key_says_what_it_does_to_caps_in_shops(service: Service) -> None:
    """Whoever says no retires nothing."""
    code, said = at_a_terminal(service, "n", "key", "retire", "0")
    assert code != 0
    assert "also those on caps in shops" in said
    [epoch] = json.loads(service.cli("key", "list"))
    assert epoch["state"] == "open"
