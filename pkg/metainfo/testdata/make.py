"""Makes the .torrent files and golden.json of this folder with libtorrent: make.py FOLDER."""
import json
import os
import sys
import tempfile

import libtorrent as lt

out=sys.argv[1]
root=tempfile.mkdtemp()
def put(p,n):
    p=os.path.join(root,p); os.makedirs(os.path.dirname(p),exist_ok=True)
    open(p,'wb').write(bytes((i*131)%251 for i in range(n)))
put('single.bin',100000)
put('folder/a.bin',40000); put('folder/empty',0); put('folder/sub/b.bin',16384); put('folder/sub/c.txt',5)
v1=lt.create_torrent.v1_only; v2=lt.create_torrent.v2_only
golden={}
def make(name,path,flags,priv=False,trackers=(),seeds=()):
    fs=lt.file_storage(); lt.add_files(fs,os.path.join(root,path))
    t=lt.create_torrent(fs,16384,flags)
    if priv: t.set_priv(True)
    for tier,u in trackers: t.add_tracker(u,tier)
    for u in seeds: t.add_url_seed(u)
    lt.set_piece_hashes(t,root)
    e=t.generate(); e.pop(b'creation date',None)
    b=lt.bencode(e)
    open(os.path.join(out,name+'.torrent'),'wb').write(b)
    ti=lt.torrent_info(lt.bdecode(b)); ih=ti.info_hashes()
    f=ti.files()
    files=[[f.file_path(i),f.file_size(i)] for i in range(f.num_files()) if not f.file_flags(i)&lt.file_flags_t.flag_pad_file]
    golden[name]=dict(v1=str(ih.v1) if ih.has_v1() else '', v2=str(ih.v2) if ih.has_v2() else '', name=ti.name(), pieces=ti.num_pieces(), piece_bytes=ti.piece_length(), private=ti.priv(),
       files=[[p,s] for p,s in files], trackers=[[x.url for x in ti.trackers() if x.tier==k] for k in sorted({x.tier for x in ti.trackers()})], magnet=lt.make_magnet_uri(ti), web_seeds=[w['url'] for w in ti.web_seeds()])
tr=[(0,'http://tracker.example/announce'),(0,'udp://tracker.example:6969'),(1,'https://other.example/a?k=1')]
make('v1-single','single.bin',v1,trackers=tr[:1])
make('v1-multi','folder',v1,priv=True,trackers=tr,seeds=['http://seed.example/x'])
make('v2-single','single.bin',v2)
make('v2-multi','folder',v2,trackers=tr)
make('hybrid-single','single.bin',0,trackers=tr)
make('hybrid-multi','folder',0)
json.dump(golden,open(os.path.join(out,'golden.json'),'w'),indent=1)
