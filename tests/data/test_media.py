"""Folders, archives and tables of labels: which files are found, and which are not."""

import os
import zipfile

import pytest

from mldiag.data.media import Unreadable, find_media
from mldiag.errors import MldiagError


def lay(folder, *names, content=b"x"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def told(collection):
    return {file.name: (file.split, file.label) for file in collection.files}


def test_labels_are_the_folders(tmp_path):
    lay(tmp_path, "cat/1.png", "cat/2.png", "dog/deep/1.png", "dog/2.JPG")
    found = find_media(tmp_path)
    assert found.kind == "image"
    assert told(found) == {
        "cat/1.png": ("train", "cat"),
        "cat/2.png": ("train", "cat"),
        "dog/2.JPG": ("train", "dog"),
        "dog/deep/1.png": ("train", "dog"),
    }
    assert any("cat, dog" in notice for notice in found.notices)


def test_folders_named_train_and_test_are_the_split(tmp_path):
    lay(
        tmp_path,
        *(f"set/{s}/{c}/{n}.png" for s in ("train", "val", "test") for c in "ab" for n in "12"),
    )
    found = find_media(tmp_path)
    assert told(found)["set/val/a/1.png"] == ("test", "a")
    assert told(found)["set/train/b/2.png"] == ("train", "b")
    assert (len(found.of("train")), len(found.of("test"))) == (4, 8)
    assert any("test, val" in notice for notice in found.notices)


def test_one_folder_named_train_alone_is_a_label(tmp_path):
    lay(tmp_path, "train/1.png", "train/2.png", "plane/1.png", "plane/2.png")
    assert told(find_media(tmp_path))["train/1.png"] == ("train", "train")


def test_two_places_may_hold_the_same_names(tmp_path):
    lay(tmp_path, "one/a/1.png", "one/a/2.png", "one/b/1.png", content=b"one")
    lay(tmp_path, "two/a/1.png", content=b"two")
    found = find_media(tmp_path / "one", tmp_path / "two")
    contents = {(file.split, file.name): content for file, content in found.contents()}
    assert contents["train", "a/1.png"] == b"one"
    assert contents["test", "a/1.png"] == b"two"
    assert [file.label for file in found.of("test")] == ["a"]
    with found.open(found.of("test")[0]) as stream:
        assert stream.read() == b"two"


def test_a_folder_for_every_file_tells_no_label(tmp_path):
    found = find_media(lay(tmp_path, *(f"case{n}/scan.png" for n in range(6))))
    assert {file.label for file in found.files} == {None}
    assert any("No labels" in notice for notice in found.notices)


def test_hidden_files_and_links_that_leave_are_left_out(tmp_path):
    outside = lay(tmp_path / "outside", "secret.png")
    inside = lay(tmp_path / "in", "a/1.png", "a/2.png", "b/1.png", ".x.png", "__MACOSX/a/1.png")
    (inside / "a" / "link.png").symlink_to(outside / "secret.png")
    (inside / "linked").symlink_to(outside)
    (inside / "b" / "same.png").symlink_to(inside / "a" / "1.png")
    (inside / "b" / "dangling.png").symlink_to("nowhere")
    os.mkfifo(inside / "b" / "pipe.png")
    found = find_media(inside)
    assert sorted(told(found)) == ["a/1.png", "a/2.png", "b/1.png", "b/same.png"]
    assert any("hidden" in notice for notice in found.notices)
    assert any("4 links" in notice for notice in found.notices)


def test_the_kind_is_that_of_most_files_and_others_are_said(tmp_path):
    lay(tmp_path, "a/1.wav", "a/2.wav", "b/1.wav", "b/notes.txt", "cover.png")
    found = find_media(tmp_path)
    assert found.kind == "audio"
    assert "1 image file" in " ".join(found.notices)
    assert find_media(tmp_path, kind="text").files[0].name == "b/notes.txt"
    with pytest.raises(MldiagError, match="kind of media"):
        find_media(tmp_path, kind="audoi")


def test_files_without_ending_are_told_by_their_first_bytes(tmp_path):
    lay(tmp_path, "a/1", "a/2", "b/1", content=b"\x89PNG\r\n\x1a\n....")
    lay(tmp_path, "a/core", content=b"\0\1\2")
    found = find_media(tmp_path)
    assert (found.kind, len(found.files)) == ("image", 3)


@pytest.mark.parametrize("column", ["whole path", "name", "stem"])
def test_labels_from_a_table_by_any_form_of_the_name(tmp_path, column):
    lay(tmp_path, "pics/x1.png", "pics/x2.png", "pics/x3.png")
    form = {"whole path": "pics/x{}.png", "name": "x{}.png", "stem": "x{}"}[column]
    rows = [f"{form.format(n)},{n},{'cat' if n < 2 else 'dog'}" for n in (1, 2)]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["file,age,label", *rows]))
    found = find_media(tmp_path, labels=table)
    assert [file.label for file in found.files] == ["cat", "dog", None]
    assert any("'label' of labels.csv" in notice for notice in found.notices)
    assert [f.label for f in find_media(tmp_path, labels=table, label_column="age").files] == [
        "1",
        "2",
        None,
    ]
    with pytest.raises(MldiagError, match="lable"):
        find_media(tmp_path, labels=table, label_column="lable")


def test_a_table_in_the_folder_is_taken_where_folders_tell_nothing(tmp_path):
    lay(tmp_path, "p1.png", "p2.png")
    (tmp_path / "metadata.csv").write_text("name,class\np1.png,x\np2.png,y\n")
    assert [file.label for file in find_media(tmp_path).files] == ["x", "y"]
    (tmp_path / "metadata.csv").write_text("name,price\nfoo,1\nbar,2\n")
    assert [file.label for file in find_media(tmp_path).files] == [None, None]


def test_an_unclear_label_column_is_asked_for(tmp_path):
    lay(tmp_path, "p1.png", "p2.png")
    (tmp_path / "t.csv").write_text("file,one,two\np1.png,1,2\np2.png,3,4\n")
    with pytest.raises(MldiagError, match="--label-column one"):
        find_media(tmp_path, labels=tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text("file,one\nz.png,1\n")
    with pytest.raises(MldiagError, match="names none of the files"):
        find_media(tmp_path, labels=tmp_path / "t.csv")


def test_archives_are_read_in_place(tmp_path):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("set/b/1.png", "set/a/1.png", "set/a/2.png", "set/.hidden.png"):
            archive.writestr(name, name.encode())
    found = find_media(path)
    assert told(found)["set/b/1.png"] == ("train", "b")
    assert {file.name: content for file, content in found.contents()} == {
        name: name.encode() for name in told(found)
    }
    with found.open(found.files[0]) as stream:
        assert stream.read() == b"set/a/1.png"


def test_a_broken_member_says_so_and_the_others_come(tmp_path):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.png", b"first" * 50)
        archive.writestr("b/2.png", b"second" * 50)
    content = bytearray(path.read_bytes())
    content[content.index(b"firstfirst")] ^= 1
    path.write_bytes(content)
    read = {file.name: content for file, content in find_media(path).contents()}
    assert isinstance(read["a/1.png"], Unreadable)
    assert read["b/2.png"] == b"second" * 50


def test_a_file_that_vanished_is_unreadable(tmp_path):
    found = find_media(lay(tmp_path, "a/1.png", "a/2.png", "b/1.png"))
    (tmp_path / "a" / "1.png").unlink()
    assert [isinstance(content, Unreadable) for _, content in found.contents()] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path / "none", "does not exist"),
        (lambda path: lay(path, "a/1.bin", "a/2.bin"), "2 x .bin"),
        (lambda path: lay(path, "x.csv") / "x.csv", "neither a folder nor an archive"),
    ],
)
def test_places_without_media_are_refused(tmp_path, make, message):
    with pytest.raises(MldiagError, match=message):
        find_media(make(tmp_path))
